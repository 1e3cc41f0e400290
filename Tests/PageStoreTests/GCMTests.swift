import CPageCipher
import CPageStore
import CSealReader
import Foundation
import GRDBSQLite
import ProbityTestSupport
import Testing

@Suite("AES-GCM of another library")
struct GCMTests {
    private struct File: Decodable {
        struct Group: Decodable {
            let ivSize: Int
            let keySize: Int
            let tagSize: Int
            let tests: [Case]
        }
        struct Case: Decodable {
            let tcId: Int
            let key: String
            let iv: String
            let aad: String
            let msg: String
            let ct: String
            let tag: String
            let result: String
        }
        let testGroups: [Group]
    }

    /// Google's Wycheproof, as far as pages go: keys of 256 bits, nonces of 96, tags of 128.
    @Test("Wycheproof's cases hold for the cipher that pages are sealed with")
    func wycheproof() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "ProbityCryptoTests/Vectors/wycheproof_aes_gcm_test.json")
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: path))
        guard let cipher = unsafe probity_page_cipher() else {
            throw SQLFailure(code: SQLITE_ERROR, message: "no cipher")
        }
        let gcm = unsafe cipher.pointee
        let context = UnsafeMutableRawPointer.allocate(byteCount: gcm.context_bytes, alignment: 16)
        unsafe context.initializeMemory(as: UInt8.self, repeating: 0, count: gcm.context_bytes)
        defer {
            unsafe gcm.release(context)
            unsafe context.deallocate()
        }
        var valid = 0, invalid = 0
        for group in file.testGroups where (group.keySize, group.ivSize, group.tagSize) == (256, 96, 128) {
            for test in group.tests where !test.msg.isEmpty {
                let (message, sealed, tag, associated) = (
                    hex(test.msg), hex(test.ct), hex(test.tag), hex(test.aad) + [0]
                )
                let associatedCount = associated.count - 1
                var out = [UInt8](repeating: 0, count: message.count), ownTag = [UInt8](repeating: 0, count: 16)
                let isSet = unsafe gcm.set_key(context, hex(test.key))
                #expect(isSet)
                let opened = unsafe gcm.open(
                    context, hex(test.iv), associated, associatedCount, sealed, sealed.count, &out, tag)
                #expect(opened == (test.result == "valid"), "case \(test.tcId)")
                if test.result == "valid" {
                    valid += 1
                    #expect(out == message, "case \(test.tcId)")
                    let isSealed = unsafe gcm.seal(
                        context, hex(test.iv), associated, associatedCount, message, message.count, &out, &ownTag)
                    #expect(isSealed)
                    #expect(out == sealed && ownTag == tag, "case \(test.tcId)")
                } else {
                    invalid += 1
                }
            }
        }
        #expect(valid > 20 && invalid > 20)
    }

    @Test("An implementation that does not do as libcrypto does is not taken", arguments: 0..<8 as Range<UInt32>)
    func liars(fault: UInt32) {
        #expect(liar_is_trusted(liar(fault)) == (fault == 0))
    }

    @Test("Once databases may be open the implementation stays")
    func tooLate() {
        #expect(Store.ready)
        let same = unsafe probity_pagestore_use_gcm(probity_page_cipher())
        let other = probity_pagestore_use_gcm(nil)
        #expect(same == SQLITE_OK && other == SQLITE_MISUSE)
    }
}
