package cache

// Len returns how many entries there are, which only tests want to know.
func (c *Cache[V]) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}
