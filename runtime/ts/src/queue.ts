// Queue is a list that is taken from its front; a plain array would move all that is left each time.
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  // The first item, which is there.
  shift(): T {
    const item = this.at(0);
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  // The item so far behind the front, which is there.
  at(index: number): T {
    return this.#items[this.#head + index]!;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }
}
