// The scroll position of the list: at its end, at a target row, or where the reader scrolled to. Only rendered rows
// have a known size, so scrolling to a row takes several steps. If the reader scrolls meanwhile, the target is
// dropped.
import type { VListHandle } from 'virtua';
import { drawnRows } from './focus.js';
import type { Row } from './rows.js';

/** Browsers round scroll offsets by up to this, in pixels. */
const ROUNDING = 2;

type Goal = 'end' | { key: string; align: 'start' | 'center' };

export class Place {
  private rows: readonly Row[] = [];
  private list: VListHandle | null = null;
  private frame: HTMLElement | null = null;
  private goal: Goal | undefined = 'end';
  /** The last scroll offset that was set, and the scroll size at that time. */
  private put = { offset: 0, size: 0 };
  /** The target row was reached in the previous frame. */
  private wasThere = false;

  attach(list: VListHandle | null): void {
    this.list = list;
  }

  /** Sets the rows that the list shows, and the element around it. */
  lay(rows: readonly Row[], frame: HTMLElement | null): void {
    this.rows = rows;
    this.frame = frame;
  }

  /** The height of the viewport. While it is 0, no offsets are known. */
  get height(): number {
    return this.list?.viewportSize ?? 0;
  }

  /** Pixels above the viewport. */
  get above(): number {
    return this.list?.scrollOffset ?? 0;
  }

  /** Pixels below the viewport. */
  get below(): number {
    return this.list ? this.list.scrollSize - this.height - this.above : 0;
  }

  /** Scrolls to the end and stays there as rows are added, or scrolls to a row. */
  go(goal: Goal): void {
    this.goal = goal;
    this.keep();
  }

  /** Scrolls to the target again; called when rows or sizes have changed. */
  keep(): void {
    this.wasThere = false;
    const scroller = this.frame?.querySelector('.chat-scroller');
    const offset = this.offset();
    if (!scroller || !this.list || offset === undefined) return;
    scroller.scrollTop = offset;
    this.put = { offset: scroller.scrollTop, size: this.list.scrollSize };
  }

  /** Handles a scroll event. If the size has not changed, the reader has scrolled, and the target is dropped. */
  scrolled(): void {
    const isMoved = Math.abs(this.above - this.put.offset) > ROUNDING;
    if (isMoved && this.list?.scrollSize === this.put.size) this.goal = undefined;
  }

  /** Takes the next step to a row; false when there is none to take. Call it once per frame. */
  approach(): boolean {
    const { goal } = this;
    if (goal === undefined || goal === 'end') return false;
    const isNear = Math.abs(this.above - (this.offset() ?? this.above)) <= ROUNDING;
    if (!isNear || !this.isDrawn(goal.key)) this.keep();
    // A row that is rendered in one frame has its size in the next. Then the target is reached and dropped, and the
    // list keeps what is in view in place.
    else if (this.wasThere) this.goal = undefined;
    else this.wasThere = true;
    return true;
  }

  private isDrawn(key: string): boolean {
    // A row that no longer exists counts as rendered, so that nothing waits for it.
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
