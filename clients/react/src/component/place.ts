// Where the list stands: at its end, at a row that it goes to, or where the reader has put it. Sizes are known only of what was
// drawn, so that it goes on until it is there; whoever scrolls meanwhile has the last word.
import type { VListHandle } from 'virtua';
import { drawnRows } from './focus.js';
import type { Row } from './rows.js';

/** Browsers round what they scroll to, in pixels. */
const ROUNDING = 2;

type Goal = 'end' | { key: string; align: 'start' | 'center' };

export class Place {
  private rows: readonly Row[] = [];
  private list: VListHandle | null = null;
  private frame: HTMLElement | null = null;
  private goal: Goal | undefined = 'end';
  /** Where it was scrolled to, and how much there was to scroll then. */
  private put = { offset: 0, size: 0 };
  /** It was at the row in the frame before. */
  private wasThere = false;

  attach(list: VListHandle | null): void {
    this.list = list;
  }

  /** What the list shows, and the element around it. */
  lay(rows: readonly Row[], frame: HTMLElement | null): void {
    this.rows = rows;
    this.frame = frame;
  }

  /** Nothing is known while this is 0. */
  get height(): number {
    return this.list?.viewportSize ?? 0;
  }

  /** Pixels above what is in view. */
  get above(): number {
    return this.list?.scrollOffset ?? 0;
  }

  /** Pixels below what is in view. */
  get below(): number {
    return this.list ? this.list.scrollSize - this.height - this.above : 0;
  }

  /** Goes to the end, and stays there whatever comes; or to a row. */
  go(goal: Goal): void {
    this.goal = goal;
    this.keep();
  }

  /** Rows or sizes have changed. */
  keep(): void {
    this.wasThere = false;
    const scroller = this.frame?.querySelector('.chat-scroller');
    const offset = this.offset();
    if (!scroller || !this.list || offset === undefined) return;
    scroller.scrollTop = offset;
    this.put = { offset: scroller.scrollTop, size: this.list.scrollSize };
  }

  /** What was scrolled while no size has changed was scrolled by the reader. */
  scrolled(): void {
    const isMoved = Math.abs(this.above - this.put.offset) > ROUNDING;
    if (isMoved && this.list?.scrollSize === this.put.size) this.goal = undefined;
  }

  /** Takes the next step to a row; false when there is none to take. To be called once in a frame. */
  approach(): boolean {
    const { goal } = this;
    if (goal === undefined || goal === 'end') return false;
    const isNear = Math.abs(this.above - (this.offset() ?? this.above)) <= ROUNDING;
    if (!isNear || !this.isDrawn(goal.key)) this.keep();
    // What is drawn in one frame has its size in the next. From then on what is in view is what stays.
    else if (this.wasThere) this.goal = undefined;
    else this.wasThere = true;
    return true;
  }

  private isDrawn(key: string): boolean {
    // Of a row that is gone there is nothing to wait for.
    if (!this.rows.some((row) => row.key === key)) return true;
    if (key === 'new') return this.frame?.querySelector('.chat-new') !== null;
    return drawnRows(this.frame).some((row) => row.dataset.messageKey === key);
  }

  private offset(): number | undefined {
    const { goal, list } = this;
    if (!list || this.height === 0 || goal === undefined) return undefined;
    const end = list.scrollSize - this.height;
    if (goal === 'end') return end;
    const index = this.rows.findIndex(({ key }) => key === goal.key);
    if (index < 0) return undefined;
    const free = goal.align === 'center' ? (this.height - list.getItemSize(index)) / 2 : 0;
    return Math.max(0, Math.min(list.getItemOffset(index) - free, end));
  }
}
