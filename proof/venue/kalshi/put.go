package kalshi

import "slices"

// Put moves the books of contracts at once, so that the middle of each is a price of YES in cents,
// from 8 to 92, and tells every change, as Step does.
func (s *Server) Put(middles map[string]int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ticker := range s.walk.order {
		middle, ok := middles[ticker]
		if !ok {
			continue
		}
		for _, x := range s.walk.put(ticker, middle) {
			s.publish(x)
		}
	}
}

// put moves a book. The side that the price moves to makes room first, and neither is ever empty.
func (w *walk) put(ticker string, middle int) (out []change) {
	b := w.books[ticker]
	first, second := "no", "yes"
	if middle < b.mid {
		first, second = second, first
	}
	b.mid = middle
	for _, side := range [...]string{first, second} {
		best := middle - 1
		if side == "no" {
			best = 99 - middle
		}
		out = append(out, w.fill(b, ticker, side, best)...)
	}
	if len(out) > 0 {
		out[len(out)-1].last = true
	}
	return out
}

// fill gives a side five bids, the best at a price: what is missing comes first, then what is too
// much goes.
func (w *walk) fill(b *book, ticker, side string, best int) (out []change) {
	set := func(price, size int) {
		out = append(out, change{ticker: ticker, side: side, price: price, delta: size - b.size[side][price]})
		if b.size[side][price] = size; size == 0 {
			delete(b.size[side], price)
		}
		w.note(b)
	}
	for p := best - 4; p <= best; p++ {
		if b.size[side][p] == 0 {
			set(p, 100*(1+p))
		}
	}
	for _, l := range slices.Backward(sorted(b.size[side])) {
		if l[0] > best || l[0] < best-4 {
			set(l[0], 0)
		}
	}
	return out
}
