// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors, and the language features that later Swift versions turn on are on already:
// SE-0335 (ExistentialAny), SE-0444 (MemberImportVisibility), SE-0409 (InternalImportsByDefault), SE-0458 (strict memory safety).
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
]

let strictC: [CSetting] = [
    .unsafeFlags(["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Werror"])
]

let grdb: [Target.Dependency] = [
    .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
]

let package = Package(
    name: "Probity",
    products: [
        .executable(name: "probity", targets: ["probity"]),
        .executable(name: "bench", targets: ["bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // For its BoringSSL, whose AES-GCM takes a third of the time that Debian 12's OpenSSL takes.
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    ],
    targets: [
        // OpenSSL's libcrypto as a module.
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // The page-encrypting SQLite VFS; with ProbityCrypto the only user of OpenSSL.
        .target(
            name: "CPageStore", cSettings: strictC,
            linkerSettings: [.linkedLibrary("sqlite3"), .linkedLibrary("crypto")]),
        // A faster AES-256-GCM for the page store: BoringSSL's. The only user of swift-crypto.
        .target(
            name: "CPageCipher",
            dependencies: ["CPageStore", .product(name: "Crypto", package: "swift-crypto")], cSettings: strictC),
        // JSON values and their one canonical spelling (RFC 8785): content, leaves, contexts.
        .target(name: "CanonicalJSON", swiftSettings: strict),
        // Primitives, envelopes and key files; with the page store the only user of OpenSSL.
        .target(name: "ProbityCrypto", dependencies: ["COpenSSL"], swiftSettings: strict),
        // The transparency log: tree, proofs, notes, checkpoints, exports. Pure, no storage.
        .target(name: "ProbityLedger", dependencies: ["CanonicalJSON", "ProbityCrypto"], swiftSettings: strict),
        // What is stored and what the rules are, as data embedded in the program.
        .target(
            name: "ProbitySchema", path: "Schema",
            resources: [
                .embedInCode("Migrations"), .embedInCode("Kinds"), .embedInCode("CodeLists"),
                .embedInCode("Rules"), .embedInCode("Messages"),
            ],
            swiftSettings: strict),
        // The domain: kinds, validation, policy, promotion check. No database, no crypto, no clock.
        .target(
            name: "ProbityRecords", dependencies: ["CanonicalJSON", "ProbitySchema"], swiftSettings: strict),
        // The archive on disk and its one gate; the only importer of GRDB.
        .target(
            name: "ProbityStore",
            dependencies: [
                "CPageCipher", "CPageStore", "CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityRecords",
                "ProbitySchema",
            ] + grdb,
            swiftSettings: strict),
        // Tables, CSV and import rows: text in, text out.
        .target(name: "ProbityReports", dependencies: ["CanonicalJSON", "ProbityRecords"], swiftSettings: strict),
        // What every front end needs: forms and tables in, answers, lists and refusals in words out.
        .target(
            name: "ProbityOffice",
            dependencies: [
                "CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityRecords", "ProbityReports", "ProbityStore",
            ],
            swiftSettings: strict),
        // The command line.
        .executableTarget(
            name: "probity",
            dependencies: [
                "ProbityOffice", "ProbityReports",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // Synthetic archives and rates, beside plain SQLite in the same run.
        .executableTarget(
            name: "bench",
            dependencies: [
                "CPageCipher", "CPageStore", "CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityRecords",
                "ProbityStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ] + grdb,
            swiftSettings: strict),
        .testTarget(
            name: "CanonicalJSONTests", dependencies: ["CanonicalJSON", "ProbityTestSupport"], exclude: ["Vectors"],
            swiftSettings: strict),
        // What several test targets need: seeded randomness, vectors, programs, temporary folders.
        .target(name: "ProbityTestSupport", path: "Tests/ProbityTestSupport", swiftSettings: strict),
        // A file system in memory under the page store, with power cuts and failing calls.
        .target(
            name: "CFaultFileSystem", path: "Tests/CFaultFileSystem", cSettings: strictC,
            linkerSettings: [.linkedLibrary("sqlite3")]),
        // A reader of sealed pages that shares no code with the page store.
        .target(
            name: "CSealReader", dependencies: ["CPageStore"], path: "Tests/CSealReader",
            cSettings: [.headerSearchPath("../../Sources/CPageStore")] + strictC,
            linkerSettings: [.linkedLibrary("crypto")]),
        // A process that writes or reads pages until it is killed.
        .executableTarget(
            name: "pagestore-worker",
            dependencies: [
                "CPageCipher", "CPageStore", "CSealReader", .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            path: "Tests/pagestore-worker", swiftSettings: strict),
        .testTarget(
            name: "PageStoreTests",
            dependencies: [
                "CPageCipher", "CPageStore", "CFaultFileSystem", "CSealReader", "ProbityTestSupport",
                "pagestore-worker",
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ProbityCryptoTests", dependencies: ["ProbityCrypto", "ProbityTestSupport"], exclude: ["Vectors"],
            swiftSettings: strict),
        .testTarget(
            name: "ProbityLedgerTests",
            dependencies: ["CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityTestSupport"],
            exclude: ["Vectors"],
            swiftSettings: strict),
        .testTarget(
            name: "ProbityRecordsTests", dependencies: ["CanonicalJSON", "ProbityRecords", "ProbitySchema"],
            swiftSettings: strict),
        .testTarget(
            name: "ProbityStoreTests",
            dependencies: [
                "CanonicalJSON", "ProbityCrypto", "ProbityLedger", "ProbityRecords", "ProbitySchema", "ProbityStore",
                "ProbityTestSupport",
            ] + grdb,
            swiftSettings: strict),
        .testTarget(
            name: "ProbityReportsTests", dependencies: ["ProbityReports", "ProbityTestSupport"], swiftSettings: strict),
        // Every use case without a command line, on a real archive.
        .testTarget(
            name: "ProbityOfficeTests",
            dependencies: [
                "CanonicalJSON", "ProbityOffice", "ProbityRecords", "ProbitySchema", "ProbityStore",
                "ProbityTestSupport",
            ],
            swiftSettings: strict),
        // Drives the built program.
        .testTarget(
            name: "ProbityEndToEndTests", dependencies: ["CanonicalJSON", "ProbityTestSupport", "probity"],
            exclude: ["Faults"],
            swiftSettings: strict),
        // Reads the tree: who imports whom, what was left over.
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ],
    cLanguageStandard: .c17
)
