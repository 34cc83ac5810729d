package quadlet_test

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/containers/podman/v5/pkg/systemd/parser"
	podman "github.com/containers/podman/v5/pkg/systemd/quadlet"

	"github.com/podup/podup/quadlet"
)

// unitsDir is where the units of tests would lie.
const unitsDir = "/etc/containers/systemd/shop"

// host is what systemd puts in the place of %H.
const host = "box"

// converted is what Podman's generator makes of a set: the services, by the name of their unit. That
// it has anything to say fails the test.
func converted(t testing.TB, set quadlet.Set, user bool) map[string]*parser.UnitFile {
	t.Helper()
	services, err := convert(set, user)
	if err != nil {
		t.Fatal(err)
	}
	return services
}

// convert is podman: cmd/quadlet/main.go, process.
func convert(set quadlet.Set, user bool) (map[string]*parser.UnitFile, error) {
	var units []*parser.UnitFile
	known := map[string]*podman.UnitInfo{}
	for _, unit := range set.Units {
		f := parser.NewUnitFile()
		f.Path, f.Filename = path.Join(unitsDir, unit.Name), unit.Name
		if err := f.Parse(string(unit.Text)); err != nil {
			return nil, fmt.Errorf("%s: %w", unit.Name, err)
		}
		name, err := podman.GetUnitServiceName(f)
		if err != nil {
			return nil, err
		}
		info := &podman.UnitInfo{ServiceName: name}
		switch path.Ext(unit.Name) {
		case ".container":
			info.ResourceName = podman.GetContainerResourceName(f)
		case ".pod":
			info.ResourceName, info.ContainersToStart = podman.GetPodResourceName(f), []string{}
		}
		if got := info.ServiceFileName(); got != unit.Service {
			return nil, fmt.Errorf("%s becomes %s, not %s", unit.Name, got, unit.Service)
		}
		for _, key := range podman.UnsupportedServiceKeys {
			if f.HasKey(podman.ServiceGroup, key) {
				return nil, fmt.Errorf("%s: key %s is not for Quadlet", unit.Name, key)
			}
		}
		known[unit.Name] = info
		units = append(units, f)
	}
	slices.SortStableFunc(units, func(a, b *parser.UnitFile) int {
		return podman.SupportedExtensions[path.Ext(a.Filename)] - podman.SupportedExtensions[path.Ext(b.Filename)]
	})
	services := map[string]*parser.UnitFile{}
	for _, f := range units {
		kinds := map[string]func(*parser.UnitFile, map[string]*podman.UnitInfo, bool) (*parser.UnitFile, error, error){
			".container": podman.ConvertContainer, ".pod": podman.ConvertPod, ".volume": podman.ConvertVolume, ".network": podman.ConvertNetwork,
		}
		service, warnings, err := kinds[path.Ext(f.Filename)](f, known, user)
		if err != nil || warnings != nil {
			return nil, fmt.Errorf("%s: error %w, warnings %w", f.Filename, err, warnings)
		}
		services[f.Filename] = service
	}
	return services, nil
}

// command is the argv that systemd makes of the last line of an Exec key.
func command(t testing.TB, service *parser.UnitFile, key string) []string {
	t.Helper()
	line, _ := service.LookupLastRaw(podman.ServiceGroup, key)
	argv, err := systemdWords(line)
	if err != nil {
		t.Fatalf("%s: %s=%s: %v", service.Filename, key, line, err)
	}
	return argv
}

// commands are those of all lines of an Exec key, with the "-" of each at its beginning.
func commands(t testing.TB, service *parser.UnitFile, key string) [][]string {
	t.Helper()
	var all [][]string
	for _, line := range service.LookupAllRaw(podman.ServiceGroup, key) {
		argv, err := systemdWords(line)
		if err != nil {
			t.Fatalf("%s: %s=%s: %v", service.Filename, key, line, err)
		}
		all = append(all, argv)
	}
	return all
}

// systemdWords takes a command line apart as systemd does (core/load-fragment.c, config_parse_exec;
// basic/extract-word.c), and expands what is left of % and $ (core/service.c, replace_env_argv). It is
// written without a look at what quotes.
func systemdWords(line string) ([]string, error) {
	if !systemdUTF8(line) || strings.ContainsAny(line, "\n\r\x00") {
		return nil, fmt.Errorf("systemd would not take this for one line of UTF-8")
	}
	var words []string
	for rest := line; ; {
		rest = strings.TrimLeft(rest, " \t")
		if rest == "" {
			return words, nil
		}
		if rest[0] == ';' && (len(rest) == 1 || rest[1] == ' ') {
			return nil, fmt.Errorf("another command begins at %q", rest)
		}
		raw, after, err := extractWord(rest)
		if err != nil {
			return nil, err
		}
		word, err := expandWord(raw)
		if err != nil {
			return nil, err
		}
		words, rest = append(words, word), after
	}
}

func extractWord(text string) (word, rest string, err error) {
	escapes := map[byte]string{'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", 's': " ", '\\': "\\", '"': `"`, '\'': "'"}
	var b strings.Builder
	var quote byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\':
			if i++; i == len(text) {
				return "", "", fmt.Errorf("a backslash ends it")
			}
			if plain, ok := escapes[text[i]]; ok {
				b.WriteString(plain)
				continue
			}
			if text[i] != 'x' || i+2 >= len(text) {
				return "", "", fmt.Errorf("unknown escape in %q", text[i-1:])
			}
			n, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return "", "", err
			}
			b.WriteByte(byte(n))
			i += 2
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == ' ' || c == '\t'):
			return b.String(), text[i+1:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", fmt.Errorf("unbalanced quotes")
	}
	return b.String(), "", nil
}

func expandWord(raw string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '%' && c != '$' {
			b.WriteByte(c)
			continue
		}
		i++
		switch {
		case i < len(raw) && raw[i] == c:
			b.WriteByte(c)
		case i < len(raw) && c == '%' && raw[i] == 'H':
			b.WriteString(host)
		case i < len(raw) && c == '%' && strings.IndexByte("tNn", raw[i]) >= 0: // of Podman's own words
			b.WriteString("%" + raw[i:i+1])
		default:
			return "", fmt.Errorf("systemd expands something in %q", raw)
		}
	}
	return b.String(), nil
}

// systemdUTF8 is systemd's (basic/utf8.c): no surrogates and no characters that are none.
func systemdUTF8(text string) bool {
	if !utf8.ValidString(text) {
		return false
	}
	for _, r := range text {
		if r >= 0xfdd0 && r <= 0xfdef || r&0xfffe == 0xfffe {
			return false
		}
	}
	return true
}
