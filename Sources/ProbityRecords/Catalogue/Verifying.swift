extension RecordKind {
    /// Who may verify (审核) a record that was filed here and is in `state`; nobody where that state waits for no verification.
    /// Never whoever filed it.
    public func verifiers(in state: String) -> Set<Role> {
        steps(from: state).filter { $0.act == "verify" && !$0.isForAsFound }.reduce(into: []) { $0.formUnion($1.roles) }
    }
}
