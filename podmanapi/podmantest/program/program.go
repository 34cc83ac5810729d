// Package program is the little language of podup's test images: a static binary runs it in a real
// container, podmantest interprets it in-process, and both behave alike because both are this code.
//
// A command line is one or more commands joined by the word "then", each of which ends before the
// next begins:
//
//	print TEXT…           a line on stdout
//	warn TEXT…            a line on stderr
//	part TEXT…            stdout without a newline
//	lines N [EVERY]       "line 1" … "line N", EVERY (a Go duration) apart
//	tick EVERY            "tick 1", "tick 2", … until stopped
//	sleep DURATION        or "sleep forever"
//	exit CODE             ends the program
//	ignore                from now on SIGTERM does nothing
//	obey CODE             from now on SIGTERM ends the program with CODE
//	env [NAME]            the environment, sorted, or one value
//	args                  what this process was started with, one a line
//	id                    "UID:GID"
//	pwd, hostname         as in a shell
//	write PATH TEXT…      a file with TEXT and a newline
//	remove PATH           no such file
//	cat PATH              a file's content; "cat -" copies stdin until it ends
//	ls PATH               names in a directory, sorted, one a line
//	mode PATH             permission bits in octal, following links
//	look [PATH...]        all that the process sees: user, capabilities, environment, names, mounts, files of the paths
//	await PATH            until the file is there
//	watch PATH            a line whenever the content changes, "missing" whenever it cannot be read
//	                      twice in a row
//	serve PORT TEXT…      answers every HTTP request with TEXT
//	get HOST:PORT         the body of an HTTP answer
//	lookup NAME           the addresses a name has, sorted, one a line
//	size                  "WIDTHxHEIGHT" of the terminal, again after each change, until stopped
//	tty                   "tty" or "no tty"
//
// and, for what is told by the order and the times of events:
//
//	note EVENT…           a line "SECONDS EVENT" at the end of /events/log
//	beat EVERY EVENT…     notes "EVENT 1", "EVENT 2", … until stopped
//	term                  until SIGTERM comes, which then does not end the program
//	fail PATH TIMES CODE  ends with CODE, but the first TIMES times only; PATH counts them
//	hog MEGABYTES         takes so much memory and keeps it
//	terminate WORD        SIGTERM to the first process that was started with WORD
//	orphans N             N processes whose parent has ended when they end
//	zombies               how many processes have ended that nobody has waited for
//	web PORT [tls] [local]
//	                      goes on at once and answers HTTP, on 127.0.0.1 alone if local, to
//	                      /CODE?note=EVENT&if=PATH&header=NAME&after=DURATION&to=ADDRESS&size=BYTES:
//	                      notes the event, waits, and answers CODE with that Location and a page of that
//	                      size; 503 if there is no such file, 403 if the request has no such header
//	health PORT [PATH]    goes on at once and serves grpc.health.v1: SERVING while there is such a
//	                      file, or always
//
// A program that SIGTERM finds without "ignore" or "obey" ends with 143. An unknown command ends it
// with 127, a failing one with 1 and the reason on stderr.
package program

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Exit codes the program gives of its own accord.
const (
	Failed     = 1
	NotFound   = 127
	Killed     = 137
	Terminated = 143
)

// Process is what a program sees of the world.
type Process struct {
	Args     []string // without the program's own name
	Env      []string // NAME=value
	UID, GID int
	Dir      string
	Hostname string
	TTY      bool

	In       io.Reader
	Out, Err io.Writer
	Files    Files
	Term     <-chan struct{}                        // receives once for each SIGTERM
	Listen   func(port int) (net.Listener, error)   // on all addresses of the pod
	Dial     func(address string) (net.Conn, error) // from the pod's network; nil where there is none
	Lookup   func(name string) ([]string, error)    // addresses; nil where there is no network
	Size     func() (width, height uint16, ok bool) // of the terminal

	ListenLocal func(port int) (net.Listener, error)  // on the pod's loopback device; nil where there is none
	Terminate   func(pid int) error                   // sends SIGTERM; nil where processes have no ids
	Start       func(wait bool, args ...string) error // another process of this program; nil where there is but one
}

// Files are the files as the process sees them: its mounts, its user's permissions.
type Files interface {
	ReadFile(path string) ([]byte, error)
	WriteFile(path string, data []byte) error
	Append(path string, data []byte) error // in one piece, whoever else appends
	Remove(path string) error
	ReadDir(path string) ([]string, error)
	Stat(path string) (os.FileInfo, error)
}

// Main runs the command line of p and gives its exit code. It returns early, with Killed, when ctx
// ends.
func Main(ctx context.Context, p *Process) int {
	ctx, end := context.WithCancel(ctx)
	defer end() // what runs in the background
	r := &run{Process: p, onTerm: Terminated, commands: commands()}
	for _, command := range split(p.Args) {
		if ctx.Err() != nil { // who was killed while he waited does not go on
			return Killed
		}
		code, over := r.do(ctx, command)
		if over {
			return code
		}
	}
	return 0
}

// split cuts a command line at the word "then".
func split(args []string) [][]string {
	list := [][]string{nil}
	for _, arg := range args {
		if arg == "then" {
			list = append(list, nil)
			continue
		}
		last := len(list) - 1
		list[last] = append(list[last], arg)
	}
	return list
}

// run is one running command line. onTerm is the exit code SIGTERM leads to, negative where it is
// ignored.
type run struct {
	*Process
	onTerm   int
	commands map[string]command
}

// command is one command of the language. over ends the program with code.
type command func(ctx context.Context, r *run, args []string) (code int, over bool)

func (r *run) do(ctx context.Context, words []string) (code int, over bool) {
	if len(words) == 0 {
		return r.fail("empty command")
	}
	do, ok := r.commands[words[0]]
	if !ok {
		fmt.Fprintf(r.Err, "unknown command %q\n", words[0])
		return NotFound, true
	}
	return do(ctx, r, words[1:])
}

func (r *run) fail(format string, args ...any) (int, bool) {
	fmt.Fprintf(r.Err, format+"\n", args...)
	return Failed, true
}

// pause waits for d, forever if it is negative. over is true when a signal ended the program.
func (r *run) pause(ctx context.Context, d time.Duration) (code int, over bool) {
	var done <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		done = timer.C
	}
	for {
		select {
		case <-ctx.Done():
			return Killed, true
		case <-r.Term:
			if r.onTerm >= 0 {
				return r.onTerm, true
			}
		case <-done:
			return 0, false
		}
	}
}

func number(args []string, i int) (int, error) {
	if i >= len(args) {
		return 0, fmt.Errorf("a number is missing")
	}
	return strconv.Atoi(args[i])
}

func duration(args []string, i int, fallback time.Duration) (time.Duration, error) {
	if i >= len(args) {
		return fallback, nil
	}
	if args[i] == "forever" {
		return -1, nil
	}
	return time.ParseDuration(args[i])
}

func text(args []string) string { return strings.Join(args, " ") }
