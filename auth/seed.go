package auth

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/nats-io/nkeys"
)

// maxSeedFile is how many bytes of a file with a seed are looked at; a seed has 58.
const maxSeedFile = 4096

// readSeed reads the key of the kind whose seed is in the file.
func readSeed(file string, kind nkeys.PrefixByte) (nkeys.KeyPair, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading a key: %w", err)
	}
	defer f.Close()
	if err := checkPrivate(f); err != nil {
		return nil, err
	}
	text := make([]byte, maxSeedFile)
	n, err := f.Read(text)
	if err != nil {
		return nil, fmt.Errorf("reading the key %s: %w", file, err)
	}
	pair, err := parseSeed(text[:n], kind)
	if err != nil {
		return nil, fmt.Errorf("%s holds no key of %s: %w", file, kindName(kind), err)
	}
	return pair, nil
}

func checkPrivate(f *os.File) error {
	i, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading a key: %w", err)
	}
	if !i.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", f.Name())
	}
	if i.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("the key %s is open to others (mode %#o): chmod 600 it, and consider whether somebody has read it", f.Name(), i.Mode().Perm())
	}
	return nil
}

func parseSeed(text []byte, kind nkeys.PrefixByte) (nkeys.KeyPair, error) {
	seed := bytes.TrimSpace(text)
	found, _, err := nkeys.DecodeSeed(seed)
	if err != nil {
		return nil, errors.New("it is no seed as nsc and nk write it") // the library's error is as short, and must not quote the seed
	}
	if found != kind {
		return nil, fmt.Errorf("it is that of %s", kindName(found))
	}
	return nkeys.FromSeed(seed)
}

func kindName(kind nkeys.PrefixByte) string {
	switch kind {
	case nkeys.PrefixByteOperator:
		return "an operator"
	case nkeys.PrefixByteAccount:
		return "an account"
	case nkeys.PrefixByteUser:
		return "a user"
	}
	return "another kind"
}

func makeSeed(file string, kind nkeys.PrefixByte) error {
	pair, err := nkeys.CreatePair(kind)
	if err != nil {
		return err
	}
	seed, err := pair.Seed()
	if err != nil {
		return err
	}
	return writeSynced(file, append(seed, '\n'))
}

func writeSynced(file string, content []byte) (err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// syncFolder makes what was created in a folder, or renamed to it, survive a crash of the machine.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}

// public returns the public part of a key that was made from a seed, which can't fail.
func public(pair nkeys.KeyPair) string {
	key, err := pair.PublicKey()
	if err != nil {
		panic(fmt.Sprintf("auth: a key without a public part: %v", err))
	}
	return key
}
