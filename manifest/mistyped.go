package manifest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// scalar checks a string, boolean or number.
func (w *walker) scalar(n *yaml.Node, t reflect.Type, f *Field) any {
	meaning := resolve(n)
	isScalar := f.Kind == Scalar
	switch t.Kind() {
	case reflect.String:
		if isScalar && meaning.kind == scalarString {
			return meaning.text
		}
		w.mistyped(f, n, "must be a string", scalarString)
	case reflect.Bool:
		if isScalar && meaning.kind == scalarBool {
			return json.RawMessage(meaning.json)
		}
		w.mistyped(f, n, "must be true or false", scalarBool)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if isScalar && meaning.kind == scalarNumber {
			if _, err := strconv.ParseInt(meaning.json, 10, t.Bits()); err == nil {
				return json.RawMessage(meaning.json)
			}
		}
		w.mistyped(f, n, "must be a whole number of "+strconv.Itoa(t.Bits())+" bits", scalarNumber)
	default: // no Pod, ConfigMap, Secret or claim has one; Kubernetes' decoder judges it
		return w.plain(n, f)
	}
	return nil
}

// base64 checks bytes, which JSON has as base64.
func (w *walker) base64(n *yaml.Node, f *Field) any {
	meaning := resolve(n)
	if f.Kind != Scalar || meaning.kind != scalarString {
		w.mistyped(f, n, "must be a base64 string", scalarString)
		return nil
	}
	if _, err := base64.StdEncoding.DecodeString(meaning.text); err != nil {
		hint := "encode it, for instance with `base64 -w0`"
		if w.secret {
			hint += ", or put the plain text under stringData"
		}
		w.refuse(f, "kubernetes-type", "must be base64: "+hint)
		return nil
	}
	return meaning.text
}

// mistyped says what a field must be, what it is instead, and what to write. Wanted is scalarNull
// for what is no plain scalar; instead is what to write where that is known.
func (w *walker) mistyped(f *Field, n *yaml.Node, must string, wanted scalarType, instead ...string) {
	message := must + ", not " + w.what(f, n)
	if f.Kind == Scalar {
		message += remedy(wanted, resolve(n), f.hidden)
	}
	w.refuse(f, "kubernetes-type", message+strings.Join(instead, ""))
}

func (w *walker) what(f *Field, n *yaml.Node) string {
	switch f.Kind {
	case Mapping:
		return "a mapping"
	case List:
		return "a list"
	default:
	}
	meaning := resolve(n)
	kind := map[scalarType]string{scalarBool: "the boolean", scalarNumber: "the number", scalarString: "the string"}[meaning.kind]
	if f.hidden {
		return "a " + kind[len("the "):]
	}
	if meaning.kind == scalarString {
		return kind + " " + strconv.Quote(clip(meaning.text))
	}
	return kind + " " + clip(meaning.text)
}

// remedy tells of quotes that are missing or too many.
func remedy(wanted scalarType, meaning scalar, hidden bool) string {
	switch {
	case wanted == scalarNull:
		return ""
	case wanted == scalarString && hidden:
		return ": quote it"
	case wanted == scalarString && meaning.kind == scalarBool && meaning.text != meaning.json:
		return fmt.Sprintf(": YAML reads an unquoted %s as %s, quote it: %q", meaning.text, meaning.json, meaning.text)
	case wanted == scalarString:
		return fmt.Sprintf(": quote it: %q", clip(meaning.text))
	case meaning.kind == scalarString && plain(meaning.text).kind == wanted && !hidden:
		return ": remove the quotes"
	default:
		return ""
	}
}

// describe names a type that decodes itself.
func describe(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return "a quantity, a number with one of the suffixes m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or none"
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return `a time such as "2026-01-02T15:04:05Z"`
	case reflect.TypeFor[intstr.IntOrString]():
		return "a number or a name"
	default:
		return "a " + t.String()
	}
}

// clip keeps what the user wrote short enough for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
