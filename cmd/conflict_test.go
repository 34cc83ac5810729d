package cmd

import (
	"errors"
	"testing"

	"github.com/podup/podup/plan"
)

func TestEachOwnerOfTakenNamesIsToldOnce(t *testing.T) {
	for name, test := range map[string]struct {
		conflicts []plan.Conflict
		want      string
	}{
		"a pod of another project with what belongs to it": {
			[]plan.Conflict{{Object: "container/web-app", Owner: "project b"}, {Object: "container/web-infra", Owner: "project b"}, {Object: "pod/web", Owner: "project b"}},
			"pod/web exists and is not this project's (project b): podup up --project b changes it there, podup down --project b removes it",
		},
		"two pods of another project": {
			[]plan.Conflict{{Object: "pod/db", Owner: "project b"}, {Object: "pod/web", Owner: "project b"}},
			"pod/db and pod/web exist and are not this project's (project b): podup up --project b changes them there, podup down --project b removes them",
		},
		"a container that only looks like a part": {
			[]plan.Conflict{{Object: "container/webb-app", Owner: "not made by podup"}, {Object: "pod/web", Owner: "not made by podup"}},
			"container/webb-app and pod/web exist and are not this project's (not made by podup): podup does not touch them; remove or rename one of the two",
		},
		"two owners": {
			[]plan.Conflict{{Object: "pod/web", Owner: "not made by podup"}, {Object: "volume/web-data", Owner: "project b"}},
			"pod/web exists and is not this project's (not made by podup): podup does not touch it; remove or rename one of the two\n" +
				"volume/web-data exists and is not this project's (project b): podup up --project b changes it there, podup down --project b removes it",
		},
		"what units of the project have made": {
			[]plan.Conflict{{Object: "container/web-app", Owner: "units of shop"}, {Object: "pod/web", Owner: "units of shop"}},
			"pod/web exists and is not this project's (units of shop): podup install has made it: podup uninstall shop first",
		},
		"data that units of another project have left": {
			[]plan.Conflict{{Object: "volume/orders", Owner: "units of shop"}},
			"volume/orders exists and is not this project's (units of shop): podup uninstall shop --volumes removes it, with its data; or give the claim another name",
		},
		"two pods of units, and data": {
			[]plan.Conflict{{Object: "pod/db", Owner: "units of shop"}, {Object: "pod/web", Owner: "units of shop"}, {Object: "volume/orders", Owner: "units of shop"}},
			"volume/orders exists and is not this project's (units of shop): podup uninstall shop --volumes removes it, with its data; or give the claim another name\n" +
				"pod/db and pod/web exist and are not this project's (units of shop): podup install has made them: podup uninstall shop first",
		},
		"a pod of the same project": {
			[]plan.Conflict{{Object: "volume/web-data", Owner: "pod db of this project"}},
			"the name of volume/web-data is that of a thing of pod db of this project: rename one of the two",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := errors.Join(conflictErrors(test.conflicts)...).Error(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
