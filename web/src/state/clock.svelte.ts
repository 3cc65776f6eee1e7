/** Half seconds for what counts down. It stands still while nobody can see the page, or
 * while the reader has paused it. */
class Clock {
  now = $state(Date.now());
  paused = $state(false);

  constructor() {
    setInterval(() => {
      if (!document.hidden && !this.paused) this.now = Date.now();
    }, 500);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !this.paused) this.now = Date.now();
    });
  }
}

export const clock = new Clock();
