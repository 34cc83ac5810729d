package release

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/manifest"
)

// formatVersion of the files. A file of another major version is refused.
const formatVersion = "1.0"

// maxSize bounds what one release may unpack to, so that a forged file cannot fill the memory. A
// manifest file has at most 8 MiB.
const maxSize = 64 << 20

// document is a release file. Definition stays raw so that a list need not decode it.
type document struct {
	FormatVersion string          `json:"formatVersion"`
	Created       time.Time       `json:"created"`
	Sources       []string        `json:"sources,omitempty"`
	Pods          []string        `json:"pods,omitempty"`
	Rollback      int             `json:"rollback,omitempty"`
	Definition    json.RawMessage `json:"definition"`
}

// definition is what two releases are compared by: the objects and the choices that shape them.
type definition struct {
	Network    string                                  `json:"network,omitempty"`
	MaxBackoff time.Duration                           `json:"maxBackoff,omitempty"` // nanoseconds
	Pods       []object[*corev1.Pod]                   `json:"pods,omitempty"`
	Services   []object[*corev1.Service]               `json:"services,omitempty"`
	ConfigMaps []object[*corev1.ConfigMap]             `json:"configMaps,omitempty"`
	Secrets    []secret                                `json:"secrets,omitempty"`
	Claims     []object[*corev1.PersistentVolumeClaim] `json:"claims,omitempty"`
}

type object[T any] struct {
	Dir    string `json:"dir"`
	Object T      `json:"object"`
}

// secret is a Secret without its values: each is named by its digest, under which it is kept.
type secret struct {
	object[*corev1.Secret]
	Values map[string]string `json:"values,omitempty"`
}

// digest names a value. It is keyed, because the digest of a short secret could be guessed.
func digest(key, value []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(value)
	return hex.EncodeToString(mac.Sum(nil))
}

// lastApplied is kubectl's copy of the whole object, values included.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// encode gives the definition of a release and the secret values it refers to, by digest.
func encode(r Release, key []byte) (json.RawMessage, map[string][]byte, error) {
	def := definition{
		Network:    r.Options.Network,
		MaxBackoff: r.Options.MaxBackoff,
		Pods:       objects(r.Set.Pods),
		Services:   objects(r.Set.Services),
		ConfigMaps: objects(r.Set.ConfigMaps),
		Claims:     objects(r.Set.Claims),
	}
	values := map[string][]byte{}
	for _, doc := range r.Set.Secrets {
		bare := doc.Object.DeepCopy()
		data := bare.Data
		if data == nil {
			data = map[string][]byte{}
		}
		for name, text := range bare.StringData { // as an API server merges them
			data[name] = []byte(text)
		}
		bare.Data, bare.StringData = nil, nil
		delete(bare.Annotations, lastApplied)
		named := make(map[string]string, len(data))
		for name, value := range data {
			named[name] = digest(key, value)
			values[named[name]] = value
		}
		def.Secrets = append(def.Secrets, secret{object[*corev1.Secret]{doc.Dir, bare}, named})
	}
	raw, err := json.Marshal(def)
	return raw, values, err
}

func objects[T any](docs []manifest.Document[T]) []object[T] {
	var all []object[T]
	for _, doc := range docs {
		all = append(all, object[T]{doc.Dir, doc.Object})
	}
	return all
}

// decode is the reverse of encode, into a release; value gives a secret value by its digest.
func decode(raw json.RawMessage, into *Release, value func(digest string) ([]byte, error)) error {
	var def definition
	if err := json.Unmarshal(raw, &def); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	set := manifest.Set{
		Pods: documents(def.Pods), Services: documents(def.Services),
		ConfigMaps: documents(def.ConfigMaps), Claims: documents(def.Claims),
	}
	for _, s := range def.Secrets {
		if s.Object == nil {
			continue
		}
		s.Object.Data = make(map[string][]byte, len(s.Values))
		for _, name := range slices.Sorted(maps.Keys(s.Values)) {
			data, err := value(s.Values[name])
			if err != nil {
				return fmt.Errorf("secret %s, key %s: %w", s.Object.Name, name, err)
			}
			s.Object.Data[name] = data
		}
		set.Secrets = append(set.Secrets, manifest.NewDocument(s.Object, s.Dir))
	}
	into.Set, into.Options.Network, into.Options.MaxBackoff = set, def.Network, def.MaxBackoff
	return nil
}

func documents[T interface {
	*corev1.Pod | *corev1.Service | *corev1.ConfigMap | *corev1.PersistentVolumeClaim
}](all []object[T]) []manifest.Document[T] {
	var docs []manifest.Document[T]
	for _, one := range all {
		if one.Object != nil {
			docs = append(docs, manifest.NewDocument(one.Object, one.Dir))
		}
	}
	return docs
}

// pack makes the bytes of a release file. They are the same for the same document.
func pack(doc document) ([]byte, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	if len(text) > maxSize {
		return nil, fmt.Errorf("it has more than %d MiB", maxSize>>20)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// unpack reads a release file of whatever origin, up to limit bytes.
func unpack(data []byte, limit int) (document, error) {
	var doc document
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return doc, fmt.Errorf("it is no gzip file: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return doc, fmt.Errorf("it is damaged: %w", err)
	}
	if len(text) > limit {
		return doc, fmt.Errorf("it unpacks to more than %d MiB", limit>>20)
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return doc, fmt.Errorf("it is damaged: %w", err)
	}
	if major, _, _ := strings.Cut(doc.FormatVersion, "."); major != "1" {
		return doc, fmt.Errorf("its format is %q, and this podup knows %q", doc.FormatVersion, formatVersion)
	}
	return doc, nil
}
