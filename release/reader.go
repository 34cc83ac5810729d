package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
)

// Reader reads the releases of a project and can do nothing else.
type Reader struct{ Files Source }

// List gives the releases, newest first, without their Sets. A damaged release is left out and named
// in the error, which then comes beside the others.
func (r Reader) List(ctx context.Context) ([]Release, error) {
	entries, err := r.entries(ctx)
	if err != nil {
		return nil, err
	}
	var all []Release
	var damaged []error
	for i := range entries {
		one, _, err := r.read(ctx, entries, i)
		if err != nil {
			damaged = append(damaged, err)
			continue
		}
		all = append(all, one)
	}
	return all, errors.Join(damaged...)
}

// Past yields the releases with their Sets, newest first, each read when it is asked for. One that
// cannot be read comes as an error that names it, in its place.
func (r Reader) Past(ctx context.Context) iter.Seq2[Release, error] {
	return func(yield func(Release, error) bool) {
		entries, err := r.entries(ctx)
		if err != nil {
			yield(Release{}, err)
			return
		}
		for i := range entries {
			if !yield(r.load(ctx, entries, i)) {
				return
			}
		}
	}
}

// Load gives one release with its Set; fs.ErrNotExist where there is none of that number. A secret
// value that is no longer kept is an error.
func (r Reader) Load(ctx context.Context, number int) (Release, error) {
	entries, err := r.entries(ctx)
	if err != nil {
		return Release{}, err
	}
	for i, e := range entries {
		if e.number == number {
			return r.load(ctx, entries, i)
		}
	}
	return Release{}, fmt.Errorf("release %d: %w", number, fs.ErrNotExist)
}

// Latest gives the newest release that was deployed; false where there is none.
func (r Reader) Latest(ctx context.Context) (Release, bool, error) {
	entries, err := r.entries(ctx)
	if err != nil {
		return Release{}, false, err
	}
	i := slices.IndexFunc(entries, func(e entry) bool { return e.phase == deployed })
	if i < 0 {
		return Release{}, false, nil
	}
	found, err := r.load(ctx, entries, i)
	return found, err == nil, err
}

// Key gives the project's secret key. Where there is none yet it is a new random one, fresh, which
// only Begin stores.
func (r Reader) Key(ctx context.Context) (key []byte, fresh bool, err error) {
	key, err = r.Files.Read(ctx, keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		return newKey(), true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the project's key: %w", err)
	}
	if len(key) != keySize {
		return newKey(), true, fmt.Errorf("the project's key is damaged: it has %d bytes, not %d", len(key), keySize)
	}
	return key, false, nil
}

func (r Reader) entries(ctx context.Context) ([]entry, error) {
	names, err := r.Files.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the releases: %w", err)
	}
	return entriesOf(names), nil
}

// entriesOf gives the releases among file names, newest first. Where a number is there twice, which
// a rename that was cut short may leave on a remote engine, the one that has come further counts.
func entriesOf(names []string) []entry {
	var all []entry
	for _, name := range names {
		if e, ok := parseName(name); ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(b.number-a.number, int(a.phase-b.phase))
	})
	return slices.CompactFunc(all, func(a, b entry) bool { return a.number == b.number })
}

// read gives one of the entries without its Set, and its file.
func (r Reader) read(ctx context.Context, entries []entry, i int) (Release, document, error) {
	e := entries[i]
	data, err := r.Files.Read(ctx, e.name())
	if err != nil {
		return Release{}, document{}, fmt.Errorf("read release %d: %w", e.number, err)
	}
	doc, err := unpack(data, maxSize)
	if err != nil {
		return Release{}, document{}, fmt.Errorf("read release %d: %w", e.number, err)
	}
	found := Release{Number: e.number, Created: doc.Created, Options: Options{Sources: doc.Sources, Pods: doc.Pods, Rollback: doc.Rollback}}
	switch newest := slices.IndexFunc(entries, func(e entry) bool { return e.phase == deployed }); {
	case e.phase == partial:
		found.Status = Partial
	case e.phase == pending:
		found.Status = Failed
	case i == newest:
		found.Status = Deployed
	default:
		found.Status = Superseded
	}
	return found, doc, nil
}

// load is read with the Set.
func (r Reader) load(ctx context.Context, entries []entry, i int) (Release, error) {
	found, doc, err := r.read(ctx, entries, i)
	if err != nil {
		return Release{}, err
	}
	var key []byte
	err = decode(doc.Definition, &found, func(name string) ([]byte, error) {
		if !digestRule.MatchString(name) {
			return nil, fmt.Errorf("%q is no digest", name)
		}
		value, err := r.Files.Read(ctx, secretName(name))
		if err != nil {
			return nil, err
		}
		if key == nil {
			if key, _, err = r.Key(ctx); err != nil {
				return nil, err
			}
		}
		if digest(key, value) != name {
			return nil, errors.New("the kept value is not the one that was applied")
		}
		return value, nil
	})
	if err != nil {
		return Release{}, fmt.Errorf("read release %d: %w", found.Number, err)
	}
	return found, nil
}
