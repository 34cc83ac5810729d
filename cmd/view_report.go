package cmd

import (
	"errors"

	"github.com/podup/podup/apply"
)

// said marks an error that a view has shown when it happened.
type said struct{ error }

func (e said) Unwrap() error { return e.error }

// markSaid is the error of a result whose steps' errors have been shown. What has gone wrong
// besides, such as taking something back, is still to be said.
func markSaid(r apply.Result) error {
	var causes []error
	for _, cause := range flatten(r.Err) {
		for _, err := range r.Errs {
			if err != nil && errors.Is(cause, err) {
				cause = said{cause}
				break
			}
		}
		causes = append(causes, cause)
	}
	return errors.Join(causes...)
}

// unsaid takes an error apart and leaves out what has been shown.
func unsaid(err error) []error {
	var rest []error
	for _, one := range flatten(err) {
		if _, shown := one.(said); !shown { //nolint:errorlint // one that says more is shown with it
			rest = append(rest, one)
		}
	}
	return rest
}

// messages is the stream that standard error is with --progress json, where every line is JSON; nil
// otherwise.
func (a *app) messages() *jsonStream {
	if a.progress.value != progressJSON {
		return nil
	}
	if a.stream == nil {
		a.stream = newJSONStream(a.env.Err)
	}
	return a.stream
}

// report shows what has not been said yet, as standard error is to be written.
func (a *app) report(err error) {
	stream := a.messages()
	if stream == nil {
		report(a.env.Err, err)
		return
	}
	if chosen := (*exitError)(nil); err == nil || errors.As(err, &chosen) && chosen.err == nil {
		return
	}
	for _, one := range unsaid(err) {
		_ = stream.message("error", one.Error())
	}
}
