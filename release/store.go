package release

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// keySize is the length of a project's key in bytes.
const keySize = 32

func newKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key) // since Go 1.24 it never fails
	return key
}

// Store reads and writes the releases of a project. Files written one after the other make a whole
// whenever a writer dies: first the key, then the values, then the release that names them.
type Store struct{ Files Files }

func (s Store) reader() Reader { return Reader{Files: s.Files} }

// List is Reader.List.
func (s Store) List(ctx context.Context) ([]Release, error) { return s.reader().List(ctx) }

// Load is Reader.Load.
func (s Store) Load(ctx context.Context, number int) (Release, error) {
	return s.reader().Load(ctx, number)
}

// Latest is Reader.Latest.
func (s Store) Latest(ctx context.Context) (Release, bool, error) { return s.reader().Latest(ctx) }

// Key is Reader.Key.
func (s Store) Key(ctx context.Context) (key []byte, fresh bool, err error) {
	return s.reader().Key(ctx)
}

// Begin writes a release as pending, which is shown as Failed until Finish, and gives its number.
// Key is what Key gave; it is stored if it was fresh. Nothing is written when a release
// says the same already, see same: the number is then that one's.
func (s Store) Begin(ctx context.Context, r Release, key []byte) (number int, err error) {
	raw, values, err := encode(r, key)
	if err != nil {
		return 0, fmt.Errorf("encode the release: %w", err)
	}
	names, err := s.Files.List(ctx)
	if err != nil {
		return 0, fmt.Errorf("list the releases: %w", err)
	}
	entries := entriesOf(names)
	var stored []byte
	fresh := !slices.Contains(names, keyFile) // where there is no volume yet, asking once more costs a request
	if !fresh {
		stored, fresh, err = s.Key(ctx)
	}
	switch {
	case err != nil && stored == nil:
		return 0, err
	case fresh || !bytes.Equal(stored, key):
		if err := s.Files.Write(ctx, keyFile, key); err != nil {
			return 0, fmt.Errorf("write the project's key: %w", err)
		}
	default:
		if number, ok := s.same(ctx, entries, raw, r.Options.Pods); ok {
			return number, nil
		}
	}
	number = 1
	if len(entries) > 0 {
		number = entries[0].number + 1
	}
	for _, digest := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(names, secretName(digest)) {
			continue
		}
		if err := s.Files.Write(ctx, secretName(digest), values[digest]); err != nil {
			return 0, fmt.Errorf("write release %d: keep a secret value: %w", number, err)
		}
	}
	packed, err := pack(document{FormatVersion: formatVersion, Created: r.Created.UTC().Truncate(time.Second),
		Sources: r.Options.Sources, Pods: r.Options.Pods, Rollback: r.Options.Rollback, Definition: raw})
	if err != nil {
		return 0, fmt.Errorf("encode release %d: %w", number, err)
	}
	if err := s.Files.Write(ctx, pendingName(number), packed); err != nil {
		return 0, fmt.Errorf("write release %d: %w", number, err)
	}
	if len(entries) < Kept {
		return number, nil
	}
	return number, s.prune(ctx)
}

// same finds the release that says what is to be said of some pods, none being all: the newest, or,
// behind ones that were carried out for other pods, one of the same definition. One with another
// definition ends the search: what has been tried since has left its traces.
func (s Store) same(ctx context.Context, entries []entry, definition []byte, pods []string) (number int, ok bool) {
	for i, e := range entries {
		// A damaged release is no reason to keep the next one from being written.
		_, doc, err := s.reader().read(ctx, entries, i)
		if err != nil || !bytes.Equal(doc.Definition, definition) {
			return 0, false
		}
		switch e.phase {
		case deployed:
			return e.number, true
		case partial:
			if len(pods) > 0 && within(pods, doc.Pods) {
				return e.number, true
			}
		case pending:
			return e.number, within(pods, doc.Pods) && within(doc.Pods, pods)
		}
	}
	return 0, false
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(name string) bool { return !slices.Contains(all, name) })
}

// Finish marks a release as carried out, deployed or, where it was for some pods only, partial. It
// drops all but the last Kept and the secret values no kept release names. One that is marked already
// stays as it is.
func (s Store) Finish(ctx context.Context, number int) error {
	entries, err := s.reader().entries(ctx)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if e.number != number {
			continue
		}
		if e.phase != pending {
			return nil
		}
		found, _, err := s.reader().read(ctx, entries, i)
		if err != nil {
			return fmt.Errorf("mark release %d as carried out: %w", number, err)
		}
		name, state := deployedName(number), Deployed
		if len(found.Options.Pods) > 0 {
			name, state = partialName(number), Partial
		}
		if err := s.Files.Rename(ctx, pendingName(number), name); err != nil {
			return fmt.Errorf("mark release %d as %s: %w", number, state, err)
		}
		return s.prune(ctx)
	}
	return fmt.Errorf("mark release %d as carried out: it is gone", number)
}

// prune keeps the newest Kept releases and, where all of those failed, the newest deployed one.
func (s Store) prune(ctx context.Context) error {
	names, err := s.Files.List(ctx)
	if err != nil {
		return fmt.Errorf("list the releases: %w", err)
	}
	var kept []entry
	dropped, found := false, false
	for i, e := range entriesOf(names) {
		if i < Kept || e.phase == deployed && !found {
			kept = append(kept, e)
		} else if err := s.Files.Remove(ctx, e.name()); err != nil {
			return fmt.Errorf("drop release %d: %w", e.number, err)
		} else {
			dropped = true
		}
		found = found || e.phase == deployed
	}
	if !dropped {
		return nil
	}
	needed, err := s.values(ctx, kept)
	if err != nil {
		return nil //nolint:nilerr // what a damaged release needs is unknown: keep all values
	}
	for _, name := range names {
		if strings.HasPrefix(name, "secrets/") && !needed[name] {
			if err := s.Files.Remove(ctx, name); err != nil {
				return fmt.Errorf("drop a secret value: %w", err)
			}
		}
	}
	return nil
}

// values gives the file names of the secret values some releases refer to.
func (s Store) values(ctx context.Context, entries []entry) (map[string]bool, error) {
	named := map[string]bool{}
	for i := range entries {
		_, doc, err := s.reader().read(ctx, entries, i)
		if err != nil {
			return nil, err
		}
		var def struct {
			Secrets []struct {
				Values map[string]string `json:"values"`
			} `json:"secrets"`
		}
		if err := json.Unmarshal(doc.Definition, &def); err != nil {
			return nil, err
		}
		for _, secret := range def.Secrets {
			for _, digest := range secret.Values {
				named[secretName(digest)] = true
			}
		}
	}
	return named, nil
}
