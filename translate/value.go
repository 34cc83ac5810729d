package translate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unique"
)

// Value is text that may be confidential. However it is printed or marshalled, a confidential value
// shows its digest: only Reveal gives the text out. Values are comparable; the zero Value is empty
// plain text.
type Value struct {
	// A handle rather than a string: fmt cannot call the methods of a value in an unexported field
	// and prints what lies beneath, which here is an address.
	text   unique.Handle[string]
	digest string // keyed; set exactly when the value is confidential
}

// digestLength is in hex digits: 96 bits.
const digestLength = 24

// Plain is text anybody may see.
func Plain(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{text: unique.Make(text)}
}

// Conceal is a confidential value. Its digest is the first 24 hex digits of HMAC-SHA256 with key;
// under an empty key it can be found by guessing values.
func Conceal(key []byte, text string) Value {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	v := Plain(text)
	v.digest = hex.EncodeToString(mac.Sum(nil))[:digestLength]
	return v
}

// Reveal gives the text, confidential or not.
func (v Value) Reveal() string {
	if v.text == (unique.Handle[string]{}) {
		return ""
	}
	return v.text.Value()
}

// Digest identifies a confidential value without giving it away; it is empty for plain text.
func (v Value) Digest() string { return v.digest }

// Confidential says whether the value came from a Secret.
func (v Value) Confidential() bool { return v.digest != "" }

// Equal compares text and confidentiality. Confidential values concealed with different keys differ.
func (v Value) Equal(other Value) bool { return v == other }

// String is the text of a plain value and "(secret <digest>)" otherwise.
func (v Value) String() string {
	if v.Confidential() {
		return concealed(v.digest)
	}
	return v.Reveal()
}

func concealed(digest string) string { return "(secret " + digest + ")" }

// GoString is String in quotes.
func (v Value) GoString() string { return fmt.Sprintf("%q", v.String()) }

// Format prints String for every verb.
func (v Value) Format(state fmt.State, verb rune) {
	if verb == 'v' && state.Flag('#') {
		fmt.Fprint(state, v.GoString())
		return
	}
	fmt.Fprintf(state, fmt.FormatString(state, verb), v.String())
}

// MarshalText is String.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// MarshalJSON is String as a JSON string.
func (v Value) MarshalJSON() ([]byte, error) { return json.Marshal(v.String()) }
