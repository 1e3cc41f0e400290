import Foundation
import ProbityRecords
import ProbityTestSupport
import Synchronization
import Testing

@testable import ProbityStore

/// A rotation of the page key beside other threads of its own program.
@Suite("Rotation beside threads")
struct RotationThreadTests {
    /// What a thread was told of one act.
    private enum Told: Equatable {
        case filed(RecordID)
        case refused(ArchiveError.Code)
    }

    /// Starts a thread that files a record on the same archive.
    private func file(_ session: Session, _ text: String, _ told: @escaping @Sendable (Told) -> Void) {
        nonisolated(unsafe) let session = session
        Thread {
            do {
                told(.filed(try unsafe session.file(Fixture.event("990001", text))))
            } catch let error as ArchiveError {
                told(.refused(error.code))
            } catch {
                Issue.record(error)
            }
        }.start()
    }

    @Test("What another thread files while the pages are copied is in the new archive or was refused, never lost")
    func nothingLost() throws {
        let fixture = try Fixture()
        let rotating = try fixture.session("sysadmin1")
        let filing = try (0..<6).map { _ in try fixture.session("clerk1") }
        let told = Mutex<[Told]>([])
        var started = 0
        _ = try rotating.rotatePageKey { _, _ in
            guard started < filing.count else { return }
            file(filing[started], "第\(started)条") { answer in told.withLock { $0.append(answer) } }
            started += 1
            // Long enough to be answered, if it were let in.
            usleep(100_000)
        }
        #expect(started > 0)
        let end = ContinuousClock.now + .seconds(20)
        while told.withLock({ $0.count }) < started, ContinuousClock.now < end { usleep(1_000) }
        let answers = told.withLock { $0 }
        #expect(answers.count == started, "a thread was never answered")
        let archive = try fixture.reopened()
        let session = try Session(archive, identity: #require(fixture.identities["clerk1"]))
        session.purpose = Purpose("dailyManagement")
        let records = try session.records(of: "990001", kind: "majorEvent").records.map(\.id)
        for answer in answers {
            switch answer {
            case .filed(let id): #expect(records.contains(id), "\(id) was acknowledged and is lost")
            case .refused(let code): #expect(code == .changedSinceRead || code == .inputOutput)
            }
        }
        #expect(try archive.check().findings == [])
    }

    @Test("A rotation that fails lets the threads that waited go on")
    func failed() throws {
        let fixture = try Fixture()
        let rotating = try fixture.session("sysadmin1")
        let filing = try fixture.session("clerk1")
        let told = Mutex<[Told]>([])
        var hasStarted = false
        let pages = PageKeyFile.folder(fixture.path)
        #expect(throws: (any Error).self) {
            _ = try rotating.rotatePageKey { _, _ in
                guard !hasStarted else { return }
                hasStarted = true
                file(filing, "等候") { answer in told.withLock { $0.append(answer) } }
                usleep(100_000)
                // No wrap can be written into a folder that is gone.
                do { try FileManager.default.moveItem(atPath: pages, toPath: pages + ".away") } catch {
                    Issue.record(error)
                }
            }
        }
        try FileManager.default.moveItem(atPath: pages + ".away", toPath: pages)
        let end = ContinuousClock.now + .seconds(20)
        while told.withLock({ $0.isEmpty }), ContinuousClock.now < end { usleep(1_000) }
        guard case .filed(let id)? = told.withLock({ $0.first }) else {
            Issue.record("\(told.withLock { $0 })")
            return
        }
        let clerk = try fixture.session("clerk1")
        #expect(try clerk.records(of: "990001", kind: "majorEvent").records.map(\.id).contains(id))
        #expect(try fixture.archive.check().findings == [])
    }
}
