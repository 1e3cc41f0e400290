// What a connection may not do, so that a database made by an enemy can only be refused or read wrongly, never obeyed:
// SQLite's "Defense Against The Dark Arts" (sqlite.org/security.html), sections 1 to 3.
#include <sqlite3.h>
#include <stddef.h>

#include "probity_pagestore.h"

int probity_pagestore_harden(struct sqlite3 *db) {
    static const struct {
        int option;
        int value;
    } settings[] = {
        // The file format cannot be changed by statements, shadow tables are read-only.
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
        // A schema calls no function that is not harmless, and we have neither triggers nor views.
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        // "x" is a column or an error, never a string.
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
    };
    static const struct {
        int category;
        int value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, 64000000},     {SQLITE_LIMIT_SQL_LENGTH, 100000},
        {SQLITE_LIMIT_COLUMN, 100},          {SQLITE_LIMIT_EXPR_DEPTH, 20},
        {SQLITE_LIMIT_COMPOUND_SELECT, 20},  {SQLITE_LIMIT_VDBE_OP, 25000},
        {SQLITE_LIMIT_FUNCTION_ARG, 8},      {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50}, {SQLITE_LIMIT_VARIABLE_NUMBER, 128},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 10},
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        int rc = sqlite3_db_config(db, settings[i].option, settings[i].value, NULL);
        if (rc != SQLITE_OK) { return rc; }
    }
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        sqlite3_limit(db, limits[i].category, limits[i].value);
    }
    return SQLITE_OK;
}
