package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// warmUp is how long a load runs before it is measured: connections are made, here and behind nginx.
	warmUp = 300 * time.Millisecond
	// patience is for what has just been started. An nginx that does not find its Service yet ends, and
	// comes back after ten seconds.
	patience = 30 * time.Second
)

// load is so many connections that ask for one page again and again, each as soon as it has its answer.
// It is a process of its own (`bench load`), as it has to run in the network namespace of what it asks.
type load struct {
	address     string // host:port
	path        string
	connections int
	length      time.Duration // beyond the warm-up
}

// loadCommand is `bench load`: one line of JSON on stdout, a pace.
func loadCommand(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench load", flag.ContinueOnError)
	var l load
	flags.StringVar(&l.address, "address", "", "host:port")
	flags.StringVar(&l.path, "path", "/", "of the page")
	flags.IntVar(&l.connections, "connections", 1, "at a time")
	flags.DurationVar(&l.length, "length", time.Second, "how long")
	if err := flags.Parse(args); err != nil {
		return err
	}
	measured, err := l.run(ctx)
	if err != nil {
		return fmt.Errorf("http://%s%s: %w", l.address, l.path, err)
	}
	return json.NewEncoder(out).Encode(measured)
}

// args are those of loadCommand.
func (l load) args() []string {
	return []string{
		"load", "-address", l.address, "-path", l.path, "-connections", strconv.Itoa(l.connections), "-length", l.length.String(),
	}
}

// await returns when the page is there.
func (l load) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := l.once(ctx)
		if err == nil {
			return nil
		}
		if pause(ctx, 100*time.Millisecond) != nil {
			return fmt.Errorf("no page after %v: %w", patience, err)
		}
	}
}

func (l load) once(ctx context.Context) error {
	c, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	return c.get()
}

// run fails if any answer is not a 200, or if a connection is not kept.
func (l load) run(ctx context.Context) (pace, error) {
	if err := l.await(ctx); err != nil {
		return pace{}, err
	}
	from := time.Now().Add(warmUp)
	to := from.Add(l.length)
	times, answers := make([][]time.Duration, l.connections), make([]int, l.connections)
	errs := make([]error, l.connections)
	var all sync.WaitGroup
	for i := range l.connections {
		all.Go(func() { times[i], answers[i], errs[i] = l.ask(ctx, from, to) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return pace{}, err
	}
	p := paceOf(slices.Concat(times...), l.length)
	if p.Rate == 0 {
		return pace{}, fmt.Errorf("no answer came within %v", l.length)
	}
	for _, count := range answers {
		p.Answers += count
	}
	return p, nil
}

// ask is one connection. It says how long each request took that began in the time measured, and how many
// there were in all.
func (l load) ask(ctx context.Context, from, to time.Time) (times []time.Duration, answers int, err error) {
	c, err := l.dial(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer c.close()
	for began := time.Now(); began.Before(to); {
		if err := c.get(); err != nil {
			return nil, 0, err
		}
		answers++
		ended := time.Now()
		if !began.Before(from) {
			times = append(times, ended.Sub(began))
		}
		began = ended
	}
	return times, answers, nil
}

// connection writes and reads without http.Client, which has two more goroutines for each connection and
// would be a good part of what is measured.
type connection struct {
	request string
	conn    net.Conn
	reader  *bufio.Reader
	close   func()
}

// dial connects. The connection ends with the context, and when no answer can be expected any more.
func (l load) dial(ctx context.Context) (*connection, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(warmUp + l.length + patience)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	return &connection{
		request: "GET " + l.path + " HTTP/1.1\r\nHost: " + l.address + "\r\n\r\n",
		conn:    conn, reader: bufio.NewReader(conn),
		close: func() { stop(); conn.Close() },
	}, nil
}

func (c *connection) get() error {
	if _, err := io.WriteString(c.conn, c.request); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	switch {
	case response.StatusCode != http.StatusOK:
		return errors.New(response.Status)
	case response.Close:
		return errors.New("the connection is not kept")
	}
	return nil
}

// pace runs a load below a command that takes it where it has to run: nsenter, `podman unshare`.
func (l load) pace(ctx context.Context, where []string) (pace, error) {
	self, err := os.Executable()
	if err != nil {
		return pace{}, err
	}
	words := slices.Concat(where, []string{self}, l.args())
	out, err := output(ctx, words[0], words[1:]...)
	if err != nil {
		return pace{}, err
	}
	var measured pace
	if err := json.Unmarshal(out, &measured); err != nil {
		return pace{}, fmt.Errorf("bench load: %w", err)
	}
	return measured, nil
}
