package translate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/podup/podup/translate"
)

const text = "correct horse battery staple"

var key = []byte("0123456789abcdef0123456789abcdef")

// holder keeps a value where fmt cannot call its methods.
type holder struct{ hidden translate.Value }

func TestConfidentialValueNeverPrintsItsText(t *testing.T) {
	value := translate.Conceal(key, text)
	secret := translate.Secret{Project: "shop", Name: "podup.shop.x", Value: value}
	file := translate.File{Path: "password", Data: value}
	volume := translate.Volume{Name: "v", Files: []translate.File{file}}
	project := translate.Project{Volumes: []translate.Volume{volume}, Secrets: []translate.Secret{secret}}
	hex := fmt.Sprintf("%x", text)

	for _, held := range []any{
		value, &value, []translate.Value{value}, map[string]translate.Value{"k": value}, map[translate.Value]int{value: 1},
		secret, &secret, file, volume, project, &project, holder{value}, &holder{value},
		[]holder{{value}}, reflect.ValueOf(value), errors.Join(fmt.Errorf("write %v: %w", file, errors.ErrUnsupported)),
	} {
		var printed []string
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%b", "%t", "%10s", "%.3s", "%T"} {
			printed = append(printed, fmt.Sprintf(verb, held))
		}
		printed = append(printed, fmt.Sprint(held), fmt.Sprintln(held))
		if encoded, err := json.Marshal(held); err == nil {
			printed = append(printed, string(encoded))
		}
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "held", held)
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "held", held)
		printed = append(printed, log.String())
		for _, line := range printed {
			for _, leak := range []string{text, "correct", "staple", hex, strings.ToUpper(hex), "63 6f 72 72"} {
				if strings.Contains(line, leak) {
					t.Errorf("%T gives the value away: %s", held, line)
				}
			}
		}
	}
	if marshalled, err := value.MarshalText(); err != nil || string(marshalled) != value.String() {
		t.Errorf("MarshalText = %q, %v; want String", marshalled, err)
	}
	if got, want := value.String(), "(secret "+value.Digest()+")"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
	if value.Reveal() != text {
		t.Errorf("Reveal = %q", value.Reveal())
	}
}

func TestPlainValuePrintsItsText(t *testing.T) {
	value := translate.Plain(text)
	for verb, want := range map[string]string{
		"%v": text, "%s": text, "%q": `"` + text + `"`, "%#v": `"` + text + `"`, "%x": fmt.Sprintf("%x", text),
	} {
		if got := fmt.Sprintf(verb, value); got != want {
			t.Errorf("%s = %s, want %s", verb, got, want)
		}
	}
	if encoded, err := json.Marshal(value); err != nil || string(encoded) != `"`+text+`"` {
		t.Errorf("JSON = %s, %v", encoded, err)
	}
	if value.Confidential() || value.Digest() != "" {
		t.Error("a plain value is confidential")
	}
}

func TestValueEquality(t *testing.T) {
	other := []byte("another key")
	for name, c := range map[string]struct {
		a, b translate.Value
		want bool
	}{
		"the same plain text is equal":                              {translate.Plain("a" + string(key)), translate.Plain("a" + string(key)), true},
		"the zero value is empty plain text":                        {translate.Value{}, translate.Plain(""), true},
		"different plain texts differ":                              {translate.Plain("a"), translate.Plain("b"), false},
		"the same confidential text under one key is equal":         {translate.Conceal(key, "a"), translate.Conceal(key, "a"), true},
		"the same confidential text under two keys differs":         {translate.Conceal(key, "a"), translate.Conceal(other, "a"), false},
		"confidential text differs from the same plain text":        {translate.Conceal(key, "a"), translate.Plain("a"), false},
		"confidential empty text differs from the zero value":       {translate.Conceal(key, ""), translate.Value{}, false},
		"confidential empty text has a digest and equals itself":    {translate.Conceal(key, ""), translate.Conceal(key, ""), true},
		"text that reads like a digest is not a confidential value": {translate.Plain(translate.Conceal(key, "a").String()), translate.Conceal(key, "a"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.a.Equal(c.b) != c.want || (c.a == c.b) != c.want || reflect.DeepEqual(c.a, c.b) != c.want {
				t.Errorf("Equal %t, == %t, DeepEqual %t; want %t", c.a.Equal(c.b), c.a == c.b, reflect.DeepEqual(c.a, c.b), c.want)
			}
		})
	}
}

func TestDigestIsKeyedSHA256(t *testing.T) {
	// printf 'correct horse battery staple' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
	if got, want := translate.Conceal(key, text).Digest(), "90ff3ce205bece1c447b7775"; got != want {
		t.Errorf("Digest = %s, want %s", got, want)
	}
}

func TestUIDIsAVersion5UUIDOfProjectAndPod(t *testing.T) {
	// python3: uuid5(uuid5(NAMESPACE_URL, "https://github.com/podup/podup"), "shop/web")
	if got, want := translate.UID("shop", "web"), "b6002492-c8c9-553c-bcc1-6b5410ad074d"; got != want {
		t.Errorf("UID = %s, want %s", got, want)
	}
	if translate.UID("shop", "web") == translate.UID("shop", "db") || translate.UID("shop", "web") == translate.UID("bank", "web") {
		t.Error("two pods have one UID")
	}
}
