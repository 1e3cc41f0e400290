# testfixture run.tcl SUITE-FOLDER TEST-FILE
#
# Runs one file of SQLite's test suite in the working folder, as test/permutations.test runs one of its "wal" permutation:
# that name is how the suite's files learn that databases are in WAL mode. Every difference counts, so no number of errors
# is enough to give up.
set home [lindex $argv 0]
set file [lindex $argv 1]
set testdir [file join $home test]
set argv0 [file join $testdir run.tcl]
set argv [list --testdir=. --maxerror=1000000]
source [file join $testdir tester.tcl]
db close

set ::G(perm:name) wal
set ::G(perm:prefix) ""
set ::G(isquick) 1
set ::G(savepoint6_iterations) 100
slave_test_file [file join $home $file]
finalize_testing
