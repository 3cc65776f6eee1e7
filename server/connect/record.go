package connect

import (
	"errors"
	"io"

	"corrgraph/feed/frames"
)

// recorder writes frames to a file that it opens with the first one. After an error it writes
// no more: reading a venue goes on.
type recorder struct {
	open    func() (io.WriteCloser, error)
	venue   string
	meaning string // of a stream
	file    io.WriteCloser
	w       *frames.Writer
	written int64
}

func (r *recorder) write(f *frames.Frame) error {
	if r.open == nil {
		return nil
	}
	if r.w == nil {
		file, err := r.open()
		if err != nil {
			return r.fail(err)
		}
		r.file = file
		if r.w, err = frames.NewWriter(file, r.venue, r.meaning); err != nil {
			return r.fail(err)
		}
	}
	if err := r.w.Write(f); err != nil {
		return r.fail(err)
	}
	r.written++
	return nil
}

func (r *recorder) fail(err error) error {
	if r.file != nil {
		_ = r.file.Close() // the first error counts
	}
	r.open, r.file, r.w = nil, nil, nil
	return err
}

func (r *recorder) flush() error {
	if r.w == nil {
		return nil
	}
	if err := r.w.Flush(); err != nil {
		return r.fail(err)
	}
	return nil
}

func (r *recorder) close() error {
	if r.w == nil {
		return nil
	}
	err := errors.Join(r.w.Close(), r.file.Close())
	r.open, r.file, r.w = nil, nil, nil
	return err
}
