/// What a user is to the archive (角色).
///
/// Source: design.md §5.
public enum Role: String, Sendable, CaseIterable, Hashable {
    case clerk, reviewer, promoter, inspector, supervisor, leader, officer, sysadmin, secadmin, auditor

    /// The three administrators are three persons, hold no other role and no content key (三员分立).
    public var isAdministrator: Bool {
        switch self {
        case .sysadmin, .secadmin, .auditor: true
        default: false
        }
    }

    /// Whether a certificate for the role must be countersigned by a serving holder of the role, so that no
    /// administrator can certify a puppet. An officer reads his own file only, so his is not a content role.
    public var isContentRole: Bool { !isAdministrator && self != .officer }

    /// What the role is called (code list `role`).
    public func label(_ language: Language, in catalogue: KindCatalogue) -> String {
        catalogue.codeList("role")?.label(rawValue, language) ?? rawValue
    }
}
