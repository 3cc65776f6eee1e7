/** Half seconds for what counts down. It stops while the page can't be seen, or while the
 * reader has paused it. */
export class Clock {
  now = $state(Date.now());
  paused = $state(false);

  /** Goes until the function that it returns is called. */
  start(): () => void {
    const look = () => {
      if (!document.hidden && !this.paused) this.now = Date.now();
    };
    const timer = setInterval(look, 500);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }
}
