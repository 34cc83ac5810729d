package podmanapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/podup/podup/translate"
)

// What systemd units make carries translate.LabelUnit, and no project in translate.LabelProject. The methods
// here touch nothing else, and no other method touches what they do, but for the data of claims (projectOf).
// Objects are called as in plan.Change.Object: "container/web-app".

// UnitObjects gives what the units of an installed project have made and use, sorted: pods before their
// containers, infra containers left out.
func (c *Client) UnitObjects(ctx context.Context, project string) ([]string, error) {
	doing := "look at the units' objects of project/" + project
	mine := map[string][]string{"label": {translate.LabelUnit + "=" + project}}
	found := map[kind][]string{}
	var (
		containers                       []listed
		pods, volumes, networks, secrets []object
	)
	query := url.Values{"filters": {filters(mine)}}
	err := together(
		func() (err error) { containers, err = c.list(ctx, doing, mine); return },
		func() error { return c.call(ctx, get(doing, "/pods/json", query), &pods) },
		func() (err error) { volumes, err = c.volumes(ctx, doing, mine); return },
		func() error { return c.call(ctx, get(doing, "/networks/json", query), &networks) },
		// Secrets cannot be filtered by label: the engine answers 500 (5.4, 5.8).
		func() error { return c.call(ctx, get(doing, "/secrets/json", nil), &secrets) },
	)
	if err != nil {
		return nil, err
	}
	for _, l := range containers {
		if !l.IsInfra && unitOf(l.Labels) == project {
			found[container] = append(found[container], l.name())
		}
	}
	for of, objects := range map[kind][]object{pod: pods, volume: volumes, network: networks, secret: secrets} {
		for _, o := range objects {
			if unitOf(o.labels()) == project {
				found[of] = append(found[of], o.name())
			}
		}
	}
	var all []string
	for _, of := range []kind{pod, container, volume, network, secret} {
		slices.Sort(found[of])
		for _, name := range found[of] {
			all = append(all, string(of)+"/"+name)
		}
	}
	return all, nil
}

// UnitTaken gives the owners, in words, of those of the objects whose names somebody else holds.
func (c *Client) UnitTaken(ctx context.Context, project string, objects []string) (map[string]string, error) {
	doing := "look for the names of the units of project/" + project
	names := map[kind][]string{}
	for _, text := range objects {
		of, name, _ := strings.Cut(text, "/")
		names[kind(of)] = append(names[kind(of)], name)
	}
	taken := map[string]string{}
	claim := func(of kind, name string, labels map[string]string) {
		if unitOf(labels) != project && slices.Contains(names[of], name) {
			taken[string(of)+"/"+name] = ownerText(labels)
		}
	}
	var (
		containers                       []listed
		pods, volumes, networks, secrets []object
	)
	questions := map[kind]func() error{
		container: func() (err error) { containers, err = c.list(ctx, doing, exactly(names[container])); return },
		pod: func() error {
			return c.call(ctx, get(doing, "/pods/json", url.Values{"filters": {filters(exactly(names[pod]))}}), &pods)
		},
		volume:  func() (err error) { volumes, err = c.volumes(ctx, doing, exactly(names[volume])); return },
		network: func() error { return c.call(ctx, get(doing, "/networks/json", nil), &networks) },
		secret:  func() error { return c.call(ctx, get(doing, "/secrets/json", nil), &secrets) },
	}
	var asked []func() error
	for of, question := range questions {
		if len(names[of]) > 0 { // no name is every name
			asked = append(asked, question)
		}
	}
	if err := together(asked...); err != nil {
		return nil, err
	}
	for _, l := range containers {
		claim(container, l.name(), l.Labels)
	}
	for of, found := range map[kind][]object{pod: pods, volume: volumes, network: networks, secret: secrets} {
		for _, o := range found {
			claim(of, o.name(), o.labels())
		}
	}
	return taken, nil
}

// RemoveUnitObject removes what units have made; pods and containers that run are killed, a secret that
// is used is removed all the same. What is gone is no error.
func (c *Client) RemoveUnitObject(ctx context.Context, project, name string) error {
	doing := "remove " + name
	word, name, _ := strings.Cut(name, "/")
	of := kind(word)
	found, err := c.inspect(ctx, of, name, doing)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if labels := found.labels(); unitOf(labels) != project {
		return &foreign{doing, ownerName(labels)}
	}
	id, query := found.ID, url.Values(nil)
	switch of {
	case volume:
		id = name
	case pod, container:
		query = killed()
	case network, secret:
	}
	if err := c.call(ctx, del(doing, of.path()+element(id), query), nil); err != nil && !missing(err) {
		return err
	}
	return nil
}

// UnitSecret says whether there is a secret that units use, and whether it has this value. A name that is
// somebody else's is Foreign.
func (c *Client) UnitSecret(ctx context.Context, project, name string, want translate.Value) (found, same bool, err error) {
	doing := "look at secret/" + name
	var shown struct {
		object

		SecretData string
	}
	err = c.call(ctx, get(doing, secret.path()+element(name)+"/json", url.Values{"showsecret": {"true"}}), &shown)
	if missing(err) || err == nil && shown.name() != name {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	labels := shown.labels()
	if unitOf(labels) != project {
		return false, false, &foreign{doing, ownerName(labels)}
	}
	if !opaque(want) {
		return true, shown.SecretData == want.Reveal(), nil
	}
	salt, _, _ := strings.Cut(labels[labelDigest], ":")
	return true, labels[labelDigest] == digest(salt, want), nil
}

// labelDigest is on a secret of units whose value is no UTF-8, which the engine's JSON does not bring through: a
// salt and what it makes of the value. Such a value is no password that could be guessed.
const labelDigest = "io.podup.digest"

// opaque is a value with what JSON makes U+FFFD of, or with that itself.
func opaque(value translate.Value) bool { return strings.ContainsRune(value.Reveal(), utf8.RuneError) }

func digest(salt string, value translate.Value) string {
	return fmt.Sprintf("%s:%x", salt, sha256.Sum256([]byte(salt+value.Reveal())))
}

// SetUnitSecret gives a secret that units use its value. What was created with another one keeps it, and
// cannot be started again: the secret has a new ID (5.8).
func (c *Client) SetUnitSecret(ctx context.Context, project, name string, value translate.Value) error {
	doing := "create secret/" + name
	if _, _, err := c.UnitSecret(ctx, project, name, value); err != nil {
		return err
	}
	labels := map[string]string{translate.LabelUnit: project}
	if opaque(value) {
		labels[labelDigest] = digest(rand.Text(), value)
	}
	text, err := json.Marshal(labels)
	if err != nil {
		return err
	}
	query := url.Values{"name": {name}, "labels": {string(text)}, "replace": {"true"}}
	var made object
	return c.call(ctx, post(doing, "/secrets/create", query, strings.NewReader(value.Reveal())), &made)
}
