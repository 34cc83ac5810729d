package validate_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/podup/podup/manifest"
)

func TestWhatAClusterWouldSayOfAPodIsSaid(t *testing.T) {
	const hostname = "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: "
	const overhead = "warning: spec.overhead: podup counts it, and a cluster refuses it: " +
		`"Pod Overhead set without corresponding RuntimeClass defined Overhead"; for a manifest that is to run in both, add it to what a container requests instead [podup-cluster-refuses]`
	named := func(name string) string { return strings.Replace(podOf(), "name: web", "name: "+name, 1) }
	specified := func(line string) string { return strings.Replace(podOf(), "spec:\n", "spec:\n  "+line+"\n", 1) }
	for _, test := range []struct{ name, text, want string }{
		{"a name that is a label", named("web"), ""},
		{"a name of 63 characters", named(strings.Repeat("a", 63)), ""},
		{"a name with a dot", named("web.shop"), "pod.yaml:4:9: warning: " + hostname + "[must not contain dots] [kubernetes-warning]"},
		{"a name of 64 characters", named(strings.Repeat("a", 64)), "pod.yaml:4:9: warning: " + hostname + "[must be no more than 63 characters] [kubernetes-warning]"},
		{"a name an API server refuses is no warning as well", named("Web"), ""},
		{"an overhead", specified("overhead: {cpu: 250m, memory: 16Mi}"), "pod.yaml:6:3: " + overhead},
		{"an overhead of nothing", specified("overhead: {}"), "pod.yaml:6:3: " + overhead},
		{"an overhead that is null", specified("overhead:"), ""},
	} {
		t.Run(test.name, func(t *testing.T) { warns(t, test.text, test.want) })
	}
}

func TestWhatAClusterWouldSayOfAClaimIsSaid(t *testing.T) {
	claim := func(annotation, size string) string {
		return "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  annotations: {" + annotation + "}\nspec:\n  accessModes: [ReadWriteOnce]\n" +
			"  resources:\n    requests:\n      storage: " + size + "\n"
	}
	for _, test := range []struct{ name, text, want string }{
		{"nothing to say", claim("", "1Gi"), ""},
		{"a fraction of a byte", claim("", "100m"),
			`pod.yaml:10:16: warning: spec.resources.requests[storage]: fractional byte value "100m" is invalid, must be an integer: m is a thousandth of a byte, did you mean 100Mi? [kubernetes-warning]`},
		{"a class named the old way", claim("volume.beta.kubernetes.io/storage-class: fast", "1Gi"),
			`pod.yaml:5:58: warning: metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead [kubernetes-warning]`},
		{"a claim that is refused", claim("", "-100m"), ""},
	} {
		t.Run(test.name, func(t *testing.T) { warns(t, test.text, test.want) })
	}
}

func TestWhatAClusterWouldSayOfASecretIsSaid(t *testing.T) {
	certificate, key, other := certificates(t)
	secret := func(kind, certificate, key string) string {
		indented := func(text string) string {
			return "|\n    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
		}
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: tls}\ntype: " + kind + "\nstringData:\n  tls.crt: " + indented(certificate) + "  tls.key: " + indented(key)
	}
	const at = "pod.yaml:6:12: warning: data[tls.crt]: tls: "
	for _, test := range []struct{ name, text, want string }{
		{"a certificate and its key", secret("kubernetes.io/tls", certificate, key), ""},
		{"a certificate and the key of another", secret("kubernetes.io/tls", certificate, other), at + "private key does not match public key [kubernetes-warning]"},
		{"text that is no certificate", secret("kubernetes.io/tls", "hunter2", key), at + "failed to find any PEM data in certificate input [kubernetes-warning]"},
		{"a block of another type, which is not named", secret("kubernetes.io/tls", string(pem.EncodeToMemory(&pem.Block{Type: "HUNTER2"})), key),
			at + `failed to find "CERTIFICATE" PEM block in certificate input [kubernetes-warning]`},
		{"a Secret of another type", secret("Opaque", "hunter2", key), ""},
	} {
		t.Run(test.name, func(t *testing.T) { warns(t, test.text, test.want) })
	}
}

// warns compares the warnings about one document, and where something is refused only these.
func warns(t *testing.T, text, want string) {
	t.Helper()
	var got manifest.Problems
	for _, one := range checkText(t, text) {
		if one.Severity == manifest.SeverityWarning {
			got = append(got, one)
			if strings.Contains(strings.ToLower(one.Message+one.Source), "hunter2") {
				t.Errorf("a Secret's value is shown: %v\n%s", one, one.Source)
			}
		}
	}
	if got.Error() != want {
		t.Errorf("got:\n%s\nwant:\n%s", got.Error(), want)
	}
}

// certificates are a certificate with its key, and a key that is not its.
func certificates(t *testing.T) (certificate, key, other string) {
	t.Helper()
	encode := func(private ed25519.PrivateKey) string {
		data, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: data}))
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	data, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: data})), encode(private), encode(second)
}
