public import ProbityRecords

/// Somebody who is or was a user.
public struct UserStanding: Sendable {
    /// His newest certificate.
    public let certificate: Certificate
    /// The day on which he left; nil for who serves.
    public let leftOn: CivilDate?
}
