package validate

import "slices"

// Class says what podup does with a field.
type Class string

// The classes. Every field of a manifest is in exactly one of them.
const (
	Honoured    Class = "honoured"
	Ignored     Class = "ignored"     // means nothing on one machine; a warning where it is set
	Unsupported Class = "unsupported" // an error where it is set
)

// Said is the class in the words of documents: what is unsupported is refused.
func (c Class) Said() string {
	if c == Unsupported {
		return "refused"
	}
	return string(c)
}

// Field is one row of the support table.
type Field struct {
	Kind   string // of the document
	Path   string // "spec.containers[].image"; [] is any index or key. Stands for everything below it
	Class  Class
	Reason string   // why not, and what to do; of an honoured field the condition, if there is one
	Fine   []string // values of a field not honoured that ask for what podup does anyway
	Quiet  bool     // ignored without a warning
}

// Fields gives the support table: each field of the known kinds once, itself or by one above it.
func Fields() []Field {
	return slices.Concat(metadataFields(), podFields(), serviceFields(), claimFields(), dataFields())
}

func honoured(paths ...string) []Field {
	var rows []Field
	for _, path := range paths {
		rows = append(rows, Field{Path: path, Class: Honoured})
	}
	return rows
}

func within(path, condition string) Field {
	return Field{Path: path, Class: Honoured, Reason: condition}
}

func ignored(path, reason string, fine ...string) Field {
	return Field{Path: path, Class: Ignored, Reason: reason, Fine: fine}
}

func quiet(path, reason string) Field {
	return Field{Path: path, Class: Ignored, Reason: reason, Quiet: true}
}

func unsupported(path, reason string, fine ...string) Field {
	return Field{Path: path, Class: Unsupported, Reason: reason, Fine: fine}
}

// under prefixes the paths of rows.
func under(prefix string, rows ...[]Field) []Field {
	all := slices.Concat(rows...)
	for i := range all {
		all[i].Path = prefix + all[i].Path
	}
	return all
}

func of(kind string, rows ...[]Field) []Field {
	all := slices.Concat(rows...)
	for i := range all {
		all[i].Kind = kind
	}
	return all
}

// metadataFields are the same for all kinds.
func metadataFields() []Field {
	var all []Field
	for _, kind := range []string{"Pod", "Service", "ConfigMap", "Secret", "PersistentVolumeClaim"} {
		all = append(all, of(kind,
			honoured("apiVersion", "kind", "metadata.name", "metadata.labels", "metadata.annotations"),
			[]Field{
				ignored("metadata.namespace", "there is one namespace, default: names must be unique without it; only Services tell pods apart by it", "default"),
				unsupported("metadata.generateName", "podup needs names that stay the same: set metadata.name"),
				ignored("metadata.uid", "podup gives every pod a UID of its own"),
				ignored("metadata.finalizers", "there is no controller that would wait for one"),
				ignored("metadata.ownerReferences", "there is no controller that owns objects"),
				quiet("metadata.resourceVersion", "set by an API server"),
				quiet("metadata.generation", "set by an API server"),
				quiet("metadata.creationTimestamp", "set by an API server"),
				quiet("metadata.deletionTimestamp", "set by an API server"),
				quiet("metadata.deletionGracePeriodSeconds", "set by an API server"),
				quiet("metadata.managedFields", "set by an API server"),
				quiet("metadata.selfLink", "set by an API server"),
			})...)
	}
	return all
}

// claimFields: a claim is a directory of this machine.
func claimFields() []Field {
	return of("PersistentVolumeClaim", []Field{
		quiet("spec.accessModes", "every pod of this machine may mount a claim"),
		quiet("spec.resources", "a claim is a directory of this machine: its size is not limited"),
		quiet("spec.storageClassName", "every claim is a directory of this machine"),
		unsupported("spec.volumeMode", "a claim is a directory, not a block device: use Filesystem", "Filesystem"),
		ignored("spec.volumeAttributesClassName", "there is no storage driver it could configure"),
		unsupported("spec.volumeName", "there are no PersistentVolumes to bind: leave it out, or mount a directory of this machine with hostPath"),
		unsupported("spec.selector", "there are no PersistentVolumes to select: leave it out, or mount a directory of this machine with hostPath"),
		unsupported("spec.dataSource", "podup creates claims empty: fill it from an init container"),
		unsupported("spec.dataSourceRef", "podup creates claims empty: fill it from an init container"),
		quiet("status", "set by an API server"),
	})
}

func dataFields() []Field {
	immutable := quiet("immutable", "podup changes no object: a new manifest replaces the old")
	return slices.Concat(
		of("ConfigMap", honoured("data", "binaryData"), []Field{immutable}),
		of("Secret", honoured("data", "stringData", "type"), []Field{immutable}),
	)
}
