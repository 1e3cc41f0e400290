"""A stranger's reader: what docs/formats.md promises, checked with code that shares nothing with the program.

    stranger.py export FOLDER                       verifies an export: every signature, proof, tile and opening
    stranger.py archive DIR USER PASSPHRASE-FILE    verifies an archive's ledger and rows, and prints every version
                                                    that the user's keys open, one canonical JSON object a line
    stranger.py plain DIR USER PASSPHRASE-FILE FILE writes the archive's database without its encryption to FILE
    stranger.py tables FILE DIR USER PASSPHRASE-FILE  as `archive`, with the database that stands in FILE
    stranger.py canonical                           prints each line of standard input, JSON, in its canonical form

Ends with 0 if everything held; a failed assertion names what did not. The primitives come from PyPI (requirements.txt).
"""

import base64
import hashlib
import json
import os
import sqlite3
import struct
import sys

import rfc8785
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pymerkle import InmemoryTree

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def identifier(prefix, number):
    return prefix + "-" + "".join(ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


def merkle_root(entries):
    """RFC 6962 §2.1; pymerkle's tree is the same one, with the same prefixes."""
    if not entries:
        return sha(b"")
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries:
        tree.append_entry(entry)
    return tree.get_root()


# Signed notes (formats §5)


def split_note(note):
    text, _, tail = note.decode().rpartition("\n\n")
    signatures = []
    for line in tail.splitlines():
        dash, name, blob = line.split(" ")
        assert dash == "\u2014", "a signature line begins with an em dash"
        blob = base64.b64decode(blob, validate=True)
        assert len(blob) == 68
        signatures.append((name, blob[:4], blob[4:]))
    return (text + "\n").encode(), signatures


def key_id(name, key):
    return sha(name.encode() + b"\n\x01" + key)[:4]


def is_signed(text, signatures, name, key):
    for signer, identity, signature in signatures:
        if signer == name and identity == key_id(name, key):
            Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
            return True
    return False


def check_checkpoint(note, origin, key):
    text, signatures = split_note(note)
    assert is_signed(text, signatures, origin, key), "the checkpoint is not signed by the ledger's key"
    name, size, root, rest = text.decode().split("\n")
    assert name == origin and rest == ""
    return int(size), base64.b64decode(root, validate=True)


def check_leaves(bureau, leaves, first, certificates):
    """Form, signature and place of each line; gives their texts as JSON."""
    bodies = []
    for offset, note in enumerate(leaves):
        text, signatures = split_note(note)
        body = json.loads(text)
        assert rfc8785.dumps(body) + b"\n" == text, f"line {first + offset} is not canonical"
        assert body["v"] == 1 and body["seq"] == body["extends"]["size"] == first + offset
        name = f"probity.{bureau}/user/{body['actor']}"
        keys = [key for user, key in certificates if user == body["actor"]]
        keys = [key for key in keys if key_id(name, key).hex() == body["keyId"]]
        assert any(is_signed(text, signatures, name, key) for key in keys), f"line {first + offset}: signature"
        bodies.append(body)
    return bodies


def check_openings(body, openings):
    for field, nonce, value in openings:
        made = sha(b"probity/commit/v1\0" + field.encode() + b"\0" + base64.b64decode(nonce) + value.encode())
        assert body["commit"][field] == b64(made), f"line {body['seq']}: commitment to {field}"


# Envelopes (formats §1, §8, §9)


def context(archive, origin, target, purpose):
    return rfc8785.dumps(
        {"archive": archive, "from": origin, "purpose": purpose, "suite": 1, "to": target, "v": 1})


def open_sealed(key, sealed, associated):
    """XAES-256-GCM of C2SP: a key for AES-256-GCM from CMAC over the first half of the nonce."""
    nonce, rest = sealed[:24], sealed[24:]
    derived = b""
    for counter in (1, 2):
        mac = CMAC(algorithms.AES(key))
        mac.update(bytes([0, counter]) + b"X\0" + nonce[:12])
        derived += mac.finalize()
    return AESGCM(derived).decrypt(nonce[12:], rest, associated)


def open_person(private, wrapped, info):
    assert wrapped[0] == 1, "suite"
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    return suite.decrypt(wrapped[1:], private, info)


def open_key(key, wrapped, info):
    assert wrapped[0] == 1, "suite"
    return open_sealed(key, wrapped[1:], info)


def expand(secret, info):
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


# Page store (formats §19)

PAGE = 4096


def open_page(key, role, number, frame, salts, file_id, page):
    clear = page[:16] if role == 1 and number == 1 else b""
    associated = bytes([role, 1, 0, 0]) + struct.pack(">II", number, frame) + salts + file_id + clear
    sealed = page[PAGE - 40:PAGE - 16] + page[len(clear):PAGE - 40] + page[PAGE - 16:]
    content = open_sealed(key, sealed, associated)
    return (b"SQLite format 3\0" if clear else b"") + content + bytes(40)


def read_pages(folder, private, user):
    """The database as plain SQLite would have it, with what its log holds."""
    with open(f"{folder}/archive.db", "rb") as file:
        sealed = file.read()
    assert sealed[:8] == bytes([0xD6, 0x03, 0x9B, 0xF2, 1, 1, 12, 40])
    file_id = sealed[8:16]
    with open(f"{folder}/Keys/pages/{file_id.hex()}.json", "rb") as file:
        wraps = json.loads(file.read())
    assert wraps["file"] == file_id.hex()
    info = context(wraps["archive"], f"user:{user}", f"pages:{file_id.hex()}", "pages")
    key = open_person(private, base64.b64decode(wraps["users"][user]["wrap"]), info)
    pages = {}
    for number in range(1, len(sealed) // PAGE + 1):
        pages[number] = open_page(key, 1, number, 0, bytes(8), file_id, sealed[(number - 1) * PAGE:number * PAGE])
    log = b""
    if os.path.exists(f"{folder}/archive.db-wal"):
        with open(f"{folder}/archive.db-wal", "rb") as file:
            log = file.read()
    header_key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"probity/page-store/v1/wal-frame-header").derive(key)
    salts, waiting, size = log[16:24], {}, len(pages)
    for frame in range(1, (len(log) - 32) // (24 + PAGE) + 1):
        at = 32 + (frame - 1) * (24 + PAGE)
        number, commit = struct.unpack(">II", log[at:at + 8])
        decryptor = Cipher(algorithms.AES(header_key), modes.ECB()).decryptor()
        if decryptor.update(log[at + 8:at + 24])[:8] != salts:
            break
        waiting[number] = open_page(key, 2, number, frame, salts, file_id, log[at + 24:at + 24 + PAGE])
        if commit:
            pages.update(waiting)
            waiting, size = {}, commit
    plain = bytearray(b"".join(pages[number] for number in range(1, size + 1)))
    # Read by SQLite without a log: 1 in place of 2 in the two version bytes (SQLite's file format, section 1.3.3).
    plain[18:20] = b"\x01\x01"
    return bytes(plain)


# Archive (formats §2 to §12)

TABLES = {
    "archive": ("id archiveId bureauId name suite recoveryKey logKey batch", "id"),
    "unit": ("id parent kind name batch", "id"),
    "certificate": ("id userId serial note batch", "id"),
    "proposal": ("id kind first dossier epoch note release batch", "id"),
    "key": ("id kind category unit epoch publicKey batch", "id"),
    "wrap": ("id key byUser byKey byRecovery wrapped batch", "id"),
    "accessGrant": ("id userId category unit note batch", "id"),
    "dossier": ("id category officerTag batch", "id"),
    "officer": ("id dossier batch", "id"),
    "officerTag": ("tag officer batch", "tag, officer"),
    "dossierKey": ("dossier epoch node wrapped batch", "dossier, epoch"),
    "version": ("id record epoch kind state occurredOn dueOn form sealed batch", "id"),
    "tray": ("id category intake wrapped commitment sealed batch", "id"),
    "trayIntake": ("tray record dossier epoch wrapped batch", "tray, record"),
}


def encode_item(value):
    if value is None:
        return struct.pack(">BI", 0, 0)
    if isinstance(value, int):
        return struct.pack(">BIq", 1, 8, value)
    if isinstance(value, str):
        value = value.encode()
        return struct.pack(">BI", 2, len(value)) + value
    return struct.pack(">BI", 3, len(value)) + value


def encode_row(table, row):
    return encode_item(table) + b"".join(encode_item(value) for value in row)


def check_tiles(query, batch, hashes):
    """The tiles of a batch: hashes of its rows, 256 in each, and above them the roots of the tiles below."""
    level = 0
    while hashes:
        tiles = [hashes[at:at + 256] for at in range(0, len(hashes), 256)]
        stored = query("SELECT hashes FROM rowTile WHERE batch = ? AND level = ? ORDER BY position", batch, level)
        assert [tile for tile, in stored] == [b"".join(tile) for tile in tiles], f"tiles of batch {batch}"
        if len(tiles) == 1:
            return
        hashes = [subtree_root(tile) for tile in tiles]
        level += 1


def subtree_root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\1" + subtree_root(hashes[:split]) + subtree_root(hashes[split:]))


def unlock(folder, user, passphrase):
    with open(f"{folder}/Keys/{user}.enc.pem", "rb") as file:
        private = serialization.load_pem_private_key(file.read(), passphrase)
    assert isinstance(private, X25519PrivateKey)
    return private


def read_archive(plain, private, user):
    database = sqlite3.connect(":memory:")
    database.deserialize(plain)
    query = lambda text, *values: database.execute(text, values).fetchall()

    (archive, bureau, log_key), = query("SELECT archiveId, bureauId, logKey FROM archive")
    origin = f"probity.{bureau}/ledger"
    certificates = []
    for name, note in query("SELECT userId, note FROM certificate"):
        body = json.loads(split_note(note)[0])
        assert body["user"] == name and body["archive"] == archive
        if body["type"] == "leave":
            continue
        certificates.append((name, bytes.fromhex(body["signingKey"])))

    # The tree and its head.
    leaves = [note for note, in query("SELECT note FROM leaf ORDER BY seq")]
    bodies = check_leaves(bureau, leaves, 0, certificates)
    (note,), = query("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
    assert check_checkpoint(note, origin, log_key) == (len(leaves), merkle_root(leaves)), "the newest checkpoint"
    for body in bodies:
        size = body["extends"]["size"]
        if size:
            (note,), = query("SELECT note FROM checkpoint WHERE size = ?", size)
            assert check_checkpoint(note, origin, log_key) == (size, base64.b64decode(body["extends"]["root"]))

    # Every row belongs to a line, and its line's root is over it.
    rows = {}
    for table, (columns, order) in TABLES.items():
        for row in query(f"SELECT {', '.join(columns.split())} FROM {table} ORDER BY {order}"):
            rows.setdefault(row[-1], []).append(encode_row(table, row))
    hidden = {batch for batch, in query("SELECT id FROM openBatch")}
    for batch in hidden:
        rows.pop(batch, None)
    for body in bodies:
        if body["batch"] is not None:
            mine = rows.pop(body["batch"], [])
            assert body["objects"] == {"count": len(mine), "root": b64(merkle_root(mine))}, f"batch of {body['seq']}"
            check_tiles(query, body["batch"], [sha(b"\0" + row) for row in mine])
    assert not rows, "rows without a line"

    # Down the key graph, from the user's own key.
    rows_of_keys = query("SELECT id, kind, category, unit FROM key")
    kinds = {number: kind for number, kind, _, _ in rows_of_keys}
    names = {number: f"key:{number}:{category}:{unit}" for number, _, category, unit in rows_of_keys}
    secrets = {}
    wraps = query("SELECT key, byUser, byKey, wrapped FROM wrap WHERE byRecovery = 0 ORDER BY id")
    for number, by_user, _, wrapped in wraps:
        if by_user == user and kinds[number] == "node":
            secrets[number] = open_person(
                private, wrapped, context(archive, f"user:{user}", names[number], "node"))
    missing = True
    while missing:
        missing = False
        for number, _, by_key, wrapped in wraps:
            if by_key in secrets and kinds[by_key] == "node" and number not in secrets:
                info = context(archive, names[by_key], names[number], kinds[number])
                secrets[number] = open_key(expand(secrets[by_key], b"probity/node/wrap/v1"), wrapped, info)
                missing = True

    # Sealed details of the lines, for who holds the auditors' key.
    for body, (sealed,) in zip(bodies, query("SELECT details FROM leaf ORDER BY seq")):
        assert body["details"] == b64(sha(sealed))
        number = struct.unpack(">q", sealed[1:9])[0]
        if number in secrets:
            mine = X25519PrivateKey.from_private_bytes(secrets[number])
            info = context(archive, f"leaf:{body['seq']}", f"key:{number}", "details")
            opened = json.loads(open_person(mine, sealed[:1] + sealed[9:], info))
            assert set(opened) == set(body["commit"])
            check_openings(body, [(field, item["nonce"], item["value"]) for field, item in opened.items()])

    # Contents.
    dossiers = {}
    owner = {}
    for dossier, epoch, node, wrapped in query("SELECT dossier, epoch, node, wrapped FROM dossierKey"):
        if node in secrets:
            info = context(archive, names[node], f"dossier:{dossier}:{epoch}", "dossier")
            opened = open_key(expand(secrets[node], b"probity/node/wrap/v1"), wrapped, info)
            dossiers[dossier, epoch] = opened[:32]
            owner[dossier] = struct.unpack(">q", opened[32:])[0]
    tags = {category: secrets[number]
            for number, category in query("SELECT id, category FROM key WHERE kind = 'tag'") if number in secrets}
    owners = {number: (category, tag) for number, category, tag in query("SELECT id, category, officerTag FROM dossier")}
    for number, record, epoch, kind, sealed, batch in query(
            "SELECT id, record, epoch, kind, sealed, batch FROM version ORDER BY id"):
        dossier = number >> 20
        if (dossier, epoch) not in dossiers or batch in hidden:
            continue
        associated = f"probity/version/v1|1|{archive}|{dossier}|{epoch}|{record}|{number}|{kind or ''}"
        content = open_sealed(dossiers[dossier, epoch], sealed, associated.encode())
        value = json.loads(content)
        assert rfc8785.dumps(value) == content and kind in (None, value["kind"])
        category, tag = owners[dossier]
        officer = 0
        for letter in value["officer"][2:]:
            officer = officer << 5 | ALPHABET.index(letter)
        assert officer == owner[dossier]
        mac = HMAC(tags[category], SHA256())
        mac.update(f"dossier/{category}/{officer}".encode())
        assert mac.finalize() == tag, "the dossier's tag"
        print(rfc8785.dumps({
            "category": category, "content": value, "record": identifier("R", record),
            "version": identifier("R", number)}).decode())


# Export (formats §15)


def tile_path(index):
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def read_export(folder):
    def read(name):
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()

    # The manifest covers every file but itself.
    manifest = dict(reversed(line.split("  ", 1)) for line in read("SHA256SUMS").decode().splitlines())
    present = {os.path.relpath(os.path.join(path, name), folder)
               for path, _, names in os.walk(folder) for name in names}
    assert present == set(manifest) | {"SHA256SUMS"}, "files and manifest differ"
    for name, digest in manifest.items():
        assert sha(read(name)).hex() == digest, name

    name, identity, key = read("log.vkey").decode().rstrip("\n").split("+", 2)
    log_key = base64.b64decode(key, validate=True)
    assert log_key[0] == 1 and key_id(name, log_key[1:]).hex() == identity
    bureau = name.removeprefix("probity.").removesuffix("/ledger")
    size, root = check_checkpoint(read("checkpoint"), name, log_key[1:])
    part = json.loads(read("range.json"))
    assert part["size"] == size and 0 <= part["from"] <= part["to"] <= size

    users = [line.split("+", 2) for line in read("vkeys").decode().splitlines()]
    certificates = [(user.split("/user/")[1], base64.b64decode(key)[1:]) for user, _, key in users]

    # The leaf hashes are in the tiles of level 0, the root is over them.
    hashes = b""
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        hashes += read("tile/0/" + tile_path(index) + ("" if width == 256 else f".p/{width}"))
    assert len(hashes) == 32 * size
    # pymerkle hashes its entries; over hashes that exist already the recursion of RFC 6962 §2.1 is written out.
    def node(low, high):
        if high - low == 1:
            return hashes[32 * low:32 * high]
        split = 1 << (high - low - 1).bit_length() - 1
        return sha(b"\x01" + node(low, low + split) + node(low + split, high))
    assert size == 0 or node(0, size) == root, "root over the tiles"

    leaves = {}
    for index in range(part["from"] // 256, (part["to"] + 255) // 256):
        width = min(256, size - 256 * index)
        bundle = read("tile/entries/" + tile_path(index) + ("" if width == 256 else f".p/{width}"))
        for offset in range(width):
            length, = struct.unpack(">H", bundle[:2])
            leaves[256 * index + offset], bundle = bundle[2:2 + length], bundle[2 + length:]
        assert bundle == b""
    for number, leaf in leaves.items():
        assert sha(b"\0" + leaf) == hashes[32 * number:32 * number + 32], f"line {number} is not in the tree"
    mine = [leaves[number] for number in range(part["from"], part["to"])]
    bodies = check_leaves(bureau, mine, part["from"], certificates)
    if part["from"] == 0 and part["to"] == size:
        assert merkle_root(mine) == root

    if "openings.jsonl" in manifest:
        opened = {}
        for line in read("openings.jsonl").decode().splitlines():
            item = json.loads(line)
            opened.setdefault(item["seq"], []).append((item["field"], item["nonce"], item["value"]))
        for body in bodies:
            mine = opened.pop(body["seq"], [])
            assert {field for field, _, _ in mine} == set(body["commit"])
            check_openings(body, mine)
        assert not opened


if __name__ == "__main__":
    if sys.argv[1:2] == ["export"]:
        read_export(sys.argv[2])
    elif sys.argv[1:2] in (["archive"], ["plain"], ["tables"]):
        command, *rest = sys.argv[1:]
        given = rest.pop(0) if command == "tables" else None
        folder, user, passphrase = rest[:3]
        with open(passphrase, "rb") as file:
            private = unlock(folder, user, file.read().split(b"\n")[0].rstrip(b"\r"))
        if given:
            with open(given, "rb") as file:
                plain = file.read()
        else:
            plain = read_pages(folder, private, user)
        if command == "plain":
            with open(rest[3], "xb") as file:
                file.write(plain)
        else:
            read_archive(plain, private, user)
    elif sys.argv[1:2] == ["canonical"]:
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(rfc8785.dumps(json.loads(line)) + b"\n")
    else:
        sys.exit(__doc__)
