// What Go's own transparency log (golang.org/x/mod/sumdb, of Go's checksum database) says of our trees and notes.
//
//	tlog export FOLDER    verifies an export's checkpoint, and from its tiles alone a proof of every line and of every
//	                      older size
//	tlog proofs SIZE      for the entries "entry 0", "entry 1", …: prints the root of every tree up to SIZE, every
//	                      inclusion proof and every consistency proof, one a line
//
// Built by Scripts/test against Debian's golang-golang-x-mod-dev.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// indexPath is the C2SP tlog-tiles spelling of a tile's number.
func indexPath(index int64) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	return path
}

// folder serves tiles of height 8. An export has only the widest tile of each place, which begins with any narrower one.
type folder struct {
	path string
	size int64
}

func (f folder) Height() int                             { return 8 }
func (f folder) SaveTiles(tiles []tlog.Tile, _ [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		width := (f.size >> (8 * tile.L)) - tile.N*256
		name := filepath.Join(f.path, "tile", strconv.Itoa(tile.L), indexPath(tile.N))
		if width < 256 {
			name += fmt.Sprintf(".p/%d", width)
		}
		whole, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		data[i] = whole[:tile.W*tlog.HashSize]
	}
	return data, nil
}

func export(path string) {
	vkey := strings.TrimSpace(string(must(os.ReadFile(filepath.Join(path, "log.vkey")))))
	verifier := must(note.NewVerifier(vkey))
	signed := must(note.Open(must(os.ReadFile(filepath.Join(path, "checkpoint"))), note.VerifierList(verifier)))
	lines := strings.SplitN(signed.Text, "\n", 2)
	if lines[0] != verifier.Name() {
		log.Fatal("the checkpoint's origin is not the signer's name")
	}
	// A checkpoint's body is that of a Go tree but for its first line.
	tree := must(tlog.ParseTree([]byte("go.sum database tree\n" + lines[1])))

	var part struct{ From, To, Size int64 }
	if err := json.Unmarshal(must(os.ReadFile(filepath.Join(path, "range.json"))), &part); err != nil {
		log.Fatal(err)
	}
	if part.Size != tree.N {
		log.Fatal("range.json and the checkpoint differ")
	}
	var users []note.Verifier
	for _, line := range strings.Fields(string(must(os.ReadFile(filepath.Join(path, "vkeys"))))) {
		users = append(users, must(note.NewVerifier(line)))
	}
	reader := tlog.TileHashReader(tree, folder{path, tree.N})
	for number := part.From; number < part.To; number++ {
		width := tree.N - number/256*256
		name := filepath.Join(path, "tile", "entries", indexPath(number/256))
		if width < 256 {
			name += fmt.Sprintf(".p/%d", width)
		}
		bundle := must(os.ReadFile(name))
		for skip := number % 256; skip > 0; skip-- {
			bundle = bundle[2+int(binary.BigEndian.Uint16(bundle)):]
		}
		leaf := bundle[2 : 2+int(binary.BigEndian.Uint16(bundle))]
		proof := must(tlog.ProveRecord(tree.N, number, reader))
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, number, tlog.RecordHash(leaf)); err != nil {
			log.Fatal(number, err)
		}
		must(note.Open(leaf, note.VerifierList(users...)))
		if number > 0 {
			older := must(tlog.TreeHash(number, reader))
			grown := must(tlog.ProveTree(tree.N, number, reader))
			if err := tlog.CheckTree(grown, tree.N, tree.Hash, number, older); err != nil {
				log.Fatal(number, err)
			}
			var body struct {
				Extends struct{ Root tlog.Hash }
			}
			if err := json.Unmarshal([]byte(strings.SplitN(string(leaf), "\n", 2)[0]), &body); err != nil {
				log.Fatal(err)
			}
			if body.Extends.Root != older {
				log.Fatal("line ", number, " extends another tree")
			}
		}
	}
	fmt.Println(part.To-part.From, "lines")
}

func proofs(size int64) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for n := int64(0); n < size; n++ {
		stored = append(stored, must(tlog.StoredHashes(n, []byte(fmt.Sprintf("entry %d", n)), reader))...)
	}
	for n := int64(1); n <= size; n++ {
		fmt.Fprintln(out, "root", n, must(tlog.TreeHash(n, reader)))
		for index := int64(0); index < n; index++ {
			fmt.Fprintln(out, append([]any{"inclusion", index, n}, words(must(tlog.ProveRecord(n, index, reader)))...)...)
		}
		for old := int64(1); old <= n; old++ {
			fmt.Fprintln(out, append([]any{"consistency", old, n}, words(must(tlog.ProveTree(n, old, reader)))...)...)
		}
	}
}

func words[T ~[]tlog.Hash](hashes T) (words []any) {
	for _, hash := range hashes {
		words = append(words, hash)
	}
	return words
}

func main() {
	log.SetFlags(0)
	if len(os.Args) == 3 && os.Args[1] == "export" {
		export(os.Args[2])
	} else if size, err := strconv.ParseInt(os.Args[len(os.Args)-1], 10, 64); len(os.Args) == 3 && os.Args[1] == "proofs" && err == nil {
		proofs(size)
	} else {
		log.Fatal("usage: tlog export FOLDER | tlog proofs SIZE")
	}
}
