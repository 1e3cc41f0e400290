-- v0001: the integrity file archive (廉政档案库).
--
-- Every row outside the ledger itself is immutable and carries `batch`, the number of the act that made it. The leaf of
-- that act names the same batch and the Merkle root over its rows, so a changed, added or missing row is found without
-- any key. A batch listed in `openBatch` has no leaf yet (a running or crashed import): its rows are invisible.
-- Ids and times are made by the program; nothing here depends on SQLite's own functions, so a second engine can follow.
-- What each table shows to somebody who holds the file but no category key is listed in docs/threat-model.md.

CREATE TABLE archive (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    archiveId TEXT NOT NULL,            -- 32 hex digits, random; part of every associated data
    bureauId TEXT NOT NULL,             -- names the ledger: probity.<bureauId>/ledger
    name TEXT NOT NULL,
    suite INTEGER NOT NULL,             -- 1 = intl
    recoveryKey BLOB NOT NULL,          -- X25519 public key; its private half is on paper only
    logKey BLOB NOT NULL,               -- Ed25519 public key of the checkpoint signer
    batch INTEGER NOT NULL
) STRICT;

CREATE TABLE unit (                     -- 单位
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT REFERENCES unit (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX unitBatch ON unit (batch);

CREATE TABLE certificate (              -- a signed note: who a user is, his role and public keys; the newest serial counts
    id INTEGER PRIMARY KEY,
    userId TEXT NOT NULL,               -- `user` is CURRENT_USER elsewhere
    serial INTEGER NOT NULL,
    note BLOB NOT NULL,
    batch INTEGER NOT NULL,
    UNIQUE (userId, serial)
) STRICT;
CREATE INDEX certificateBatch ON certificate (batch);

CREATE TABLE proposal (                 -- what waits for other users; a row for each signature, and one for a denial
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,                 -- 'certificate', 'grant', 'step' or 'denial'
    first INTEGER NOT NULL,             -- the proposal's first row, its own id there
    dossier INTEGER,                    -- of a step: the note is sealed under this dossier's key
    epoch INTEGER,
    note BLOB NOT NULL,
    release BLOB,                       -- a grant's wrap, sealed to the security administrator until he signs
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX proposalFirst ON proposal (first);
CREATE INDEX proposalBatch ON proposal (batch);

CREATE TABLE key (                      -- nodes of the key graph; secrets only inside wraps
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,                 -- 'node', 'intake', 'index', 'tag', 'log'
    category TEXT NOT NULL,
    unit TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    publicKey BLOB,                     -- X25519, for 'intake'
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX keyPlace ON key (category, unit, kind, epoch);
CREATE INDEX keyBatch ON key (batch);

CREATE TABLE wrap (                     -- an edge of the key graph: `key` opened by a user, by another key, or by recovery
    id INTEGER PRIMARY KEY,
    key INTEGER NOT NULL REFERENCES key (id),
    byUser TEXT,
    byKey INTEGER REFERENCES key (id),
    byRecovery INTEGER NOT NULL DEFAULT 0,
    wrapped BLOB NOT NULL,
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX wrapKey ON wrap (key);
CREATE INDEX wrapUser ON wrap (byUser);
CREATE INDEX wrapBatch ON wrap (batch);

CREATE TABLE accessGrant (                -- 授权: who may open which node; signed by a holder and by the security administrator
    id INTEGER PRIMARY KEY,
    userId TEXT NOT NULL,
    category TEXT NOT NULL,
    unit TEXT NOT NULL,
    note BLOB NOT NULL,
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX grantUser ON accessGrant (userId);
CREATE INDEX grantBatch ON accessGrant (batch);

CREATE TABLE dossier (                  -- 案卷: one officer's records in one category; whose it is, only the tag key tells
    id INTEGER PRIMARY KEY,             -- random, below 2^42
    category TEXT NOT NULL,
    officerTag BLOB NOT NULL,
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX dossierOfficer ON dossier (officerTag, category);
CREATE INDEX dossierBatch ON dossier (batch);

CREATE TABLE officer (                  -- 人员: an opaque number; identity is a record in the roster dossier
    id INTEGER PRIMARY KEY,
    dossier INTEGER NOT NULL REFERENCES dossier (id),
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX officerBatch ON officer (batch);

CREATE TABLE officerTag (               -- blind index: HMAC of a normalised number, ID number or name
    tag BLOB NOT NULL,
    officer INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (tag, officer)
) STRICT, WITHOUT ROWID;
CREATE INDEX officerTagBatch ON officerTag (batch);

CREATE TABLE dossierKey (               -- the dossier's data key, wrapped by its node
    dossier INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    node INTEGER NOT NULL REFERENCES key (id),
    wrapped BLOB NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (dossier, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX dossierKeyNode ON dossierKey (node);
CREATE INDEX dossierKeyBatch ON dossierKey (batch);

CREATE TABLE version (                  -- 版本: append-only states of records, clustered by dossier
    id INTEGER PRIMARY KEY,             -- dossier << 20 | n
    record INTEGER NOT NULL,            -- id of the record's first version
    epoch INTEGER NOT NULL,             -- of the dossier key that seals it
    kind TEXT,                          -- NULL, as the next four, in the categories that seal them
    state TEXT,
    occurredOn TEXT,
    dueOn TEXT,
    form INTEGER,
    sealed BLOB NOT NULL,
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX versionBatch ON version (batch);
-- Figures are counted from these two alone (their entries end with the id, and so name the dossier). Sealed categories,
-- whose `kind` is NULL, are in neither. A record counts as its newest version: `versionLater` finds the older ones, and is
-- as small as corrections and steps are few.
CREATE INDEX versionCount ON version (kind, occurredOn, state, form, batch) WHERE kind IS NOT NULL;
CREATE INDEX versionLater ON version (kind, record, batch) WHERE kind IS NOT NULL AND record < id;

CREATE TABLE tray (                     -- drop-box: filed by somebody who cannot read what is inside
    id INTEGER PRIMARY KEY,
    category TEXT NOT NULL,
    intake INTEGER NOT NULL REFERENCES key (id),
    wrapped BLOB NOT NULL,              -- content key, wrapped to the intake public key
    commitment BLOB NOT NULL,           -- HKDF commitment to that key
    sealed BLOB NOT NULL,
    batch INTEGER NOT NULL
) STRICT;
CREATE INDEX trayBatch ON tray (batch);

CREATE TABLE trayIntake (               -- take-in: the tray item's content key, wrapped once more under a dossier key
    tray INTEGER NOT NULL REFERENCES tray (id),
    record INTEGER NOT NULL,
    dossier INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    wrapped BLOB NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (tray, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX trayIntakeBatch ON trayIntake (batch);

CREATE TABLE openBatch (                -- imports that are not published; the file lock of the same number tells whether they live
    id INTEGER PRIMARY KEY,
    userId TEXT NOT NULL,
    startedAt TEXT NOT NULL,
    token BLOB NOT NULL                 -- random; the import shows it at every chunk, so that it ends where it was swept
) STRICT;

CREATE TABLE leaf (                     -- 台账
    seq INTEGER PRIMARY KEY,
    note BLOB NOT NULL,
    details BLOB NOT NULL,              -- sealed to the auditors
    batch INTEGER UNIQUE
) STRICT;

CREATE TABLE rowTile (                  -- hashes of the rows of an act, which its leaf has the root of; 256 in a tile
    batch INTEGER NOT NULL,
    level INTEGER NOT NULL,             -- 0: hashes of rows; above: roots of the tiles below
    first INTEGER NOT NULL,             -- at level 0 the first version in it, or -1 - position where there is none
    position INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (batch, level, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE node (                     -- complete subtrees of the ledger, level 1 and up
    level INTEGER NOT NULL,
    position INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note BLOB NOT NULL
) STRICT;
