package manifest

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scalarType is what a scalar is before a Go type is asked for.
type scalarType int

const (
	scalarNull scalarType = iota
	scalarBool
	scalarNumber
	scalarString
)

// scalar is a scalar's meaning. JSON is its JSON text, but for a string: there Text is it.
type scalar struct {
	kind scalarType
	text string // as written, without quotes; of a string the string
	json string // of null, boolean and number
	key  string // as the key of a mapping; "" for null, which cannot be one
}

// resolve reads a scalar as Kubernetes does, which is YAML 1.1 (go.yaml.in/yaml/v2 resolve.go
// v2.4.3): an unquoted yes, on or y is a boolean, 0644 is octal, 1_000 a number. yaml/v3's own tags
// differ.
func resolve(n *yaml.Node) scalar {
	if n.Style == fromJSON {
		return scalar{kind: scalarNumber, text: n.Value, json: n.Value, key: n.Value}
	}
	tagged := n.Style&yaml.TaggedStyle != 0
	quoted := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	switch {
	case tagged && n.Tag == "!!binary":
		decoded, err := base64.StdEncoding.DecodeString(n.Value)
		if err != nil {
			return str(n.Value)
		}
		return str(string(decoded))
	case tagged && n.Tag == "!!null":
		return scalar{kind: scalarNull, text: n.Value, json: "null"}
	case tagged && (n.Tag == "!!int" || n.Tag == "!!float" || n.Tag == "!!bool"):
		return plain(n.Value)
	case tagged, quoted:
		return str(n.Value)
	default:
		return plain(n.Value)
	}
}

func str(value string) scalar { return scalar{kind: scalarString, text: value, key: value} }

var decimal = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

func plain(value string) scalar {
	switch value {
	case "", "~", "null", "Null", "NULL":
		return scalar{kind: scalarNull, text: value, json: "null"}
	case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return scalar{kind: scalarBool, text: value, json: "true", key: "true"}
	case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return scalar{kind: scalarBool, text: value, json: "false", key: "false"}
	case ".nan", ".NaN", ".NAN":
		return float(value, math.NaN())
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF":
		sign := 1
		if value[0] == '-' {
			sign = -1
		}
		return float(value, math.Inf(sign))
	}
	switch first := value[0]; {
	case first == '.':
		if parsed, err := strconv.ParseFloat(value, 64); err == nil {
			return float(value, parsed)
		}
	case first == '+' || first == '-' || first >= '0' && first <= '9':
		return number(value)
	}
	return str(value)
}

func number(value string) scalar {
	digits := strings.ReplaceAll(value, "_", "")
	if parsed, err := strconv.ParseInt(digits, 0, 64); err == nil {
		return integer(value, strconv.FormatInt(parsed, 10))
	}
	if parsed, err := strconv.ParseUint(digits, 0, 64); err == nil {
		return integer(value, strconv.FormatUint(parsed, 10))
	}
	if decimal.MatchString(digits) {
		if parsed, err := strconv.ParseFloat(digits, 64); err == nil {
			return float(value, parsed)
		}
	}
	return str(value)
}

func integer(value, canonical string) scalar {
	return scalar{kind: scalarNumber, text: value, json: canonical, key: canonical}
}

// float keeps the way of a number through Kubernetes' decoder: 80.0 becomes JSON's 80, which is a
// fine port; what is not a number has no JSON at all.
func float(value string, parsed float64) scalar {
	made := scalar{kind: scalarNumber, text: value}
	if encoded, err := json.Marshal(parsed); err == nil {
		made.json = string(encoded)
	}
	switch {
	case math.IsNaN(parsed):
		made.key = ".nan"
	case math.IsInf(parsed, 1):
		made.key = ".inf"
	case math.IsInf(parsed, -1):
		made.key = "-.inf"
	default:
		made.key = strconv.FormatFloat(parsed, 'g', -1, 32) // as sigs.k8s.io/yaml does
	}
	return made
}
