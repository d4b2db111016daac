import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue';

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

const smallest = 0.15;
const largest = 2;
const margin = 12;

/** Pan and zoom of a picture inside an element: wheel pans, Ctrl and wheel zooms at the pointer, dragging pans. */
export function useViewport(element: Ref<HTMLElement | null>, picture: Ref<Size>) {
  const view = shallowRef<View>({ x: margin, y: margin, zoom: 1 });
  /** Until somebody moves the picture, it keeps fitting. */
  const touched = shallowRef(false);

  /** Shows everything; `legible` rather shows the beginning of what would become too small to read. */
  function fit(legible = false): void {
    const box = element.value;
    if (!box || picture.value.width === 0) return;
    const [w, h] = [box.clientWidth, box.clientHeight];
    const { width, height } = picture.value;
    const across = (w - 2 * margin) / width;
    const whole = Math.min(across, (h - 2 * margin) / height);
    const least = legible ? Math.min(0.7, Math.max(0.45, across)) : smallest;
    const zoom = Math.min(1, Math.max(least, whole));
    touched.value = !legible;
    view.value = {
      zoom,
      x: Math.max(margin, (w - width * zoom) / 2),
      y: margin,
    };
  }

  function zoomTo(next: number, at?: { x: number; y: number }): void {
    const box = element.value;
    if (!box) return;
    const zoom = Math.min(largest, Math.max(smallest, next));
    const point = at ?? { x: box.clientWidth / 2, y: box.clientHeight / 2 };
    const { x, y, zoom: before } = view.value;
    touched.value = true;
    view.value = {
      zoom,
      x: point.x - ((point.x - x) / before) * zoom,
      y: point.y - ((point.y - y) / before) * zoom,
    };
  }

  function pan(dx: number, dy: number): void {
    touched.value = true;
    view.value = { ...view.value, x: view.value.x + dx, y: view.value.y + dy };
  }

  /** Moves the picture just so far that this part of it is in sight. */
  function reveal(part: { x: number; y: number; width: number; height: number }): void {
    const box = element.value;
    if (!box) return;
    const { x, y, zoom } = view.value;
    const shift = (start: number, size: number, room: number) => {
      if (start < margin || size > room - 2 * margin) return margin - start;
      return Math.min(0, room - margin - (start + size));
    };
    const dx = shift(x + part.x * zoom, part.width * zoom, box.clientWidth);
    const dy = shift(y + part.y * zoom, part.height * zoom, box.clientHeight);
    if (Math.abs(dx) > 0.5 || Math.abs(dy) > 0.5) view.value = { zoom, x: x + dx, y: y + dy };
  }

  function onWheel(event: WheelEvent): void {
    event.preventDefault();
    if (!event.ctrlKey && !event.metaKey)
      return pan(
        event.shiftKey ? -event.deltaY : -event.deltaX,
        event.shiftKey ? 0 : -event.deltaY,
      );
    const box = element.value!.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    zoomTo(view.value.zoom * Math.exp(-event.deltaY * 0.0025), at);
  }

  function onPointerDown(event: PointerEvent): void {
    const middle = event.button === 1;
    if (!middle && (event.button !== 0 || (event.target as Element).closest('button'))) return;
    const target = event.currentTarget as HTMLElement;
    let [x, y] = [event.clientX, event.clientY];
    target.setPointerCapture(event.pointerId);
    const move = (next: PointerEvent) => {
      pan(next.clientX - x, next.clientY - y);
      [x, y] = [next.clientX, next.clientY];
    };
    target.addEventListener('pointermove', move);
    target.addEventListener(
      'lostpointercapture',
      () => target.removeEventListener('pointermove', move),
      {
        once: true,
      },
    );
  }

  const observer = new ResizeObserver(() => {
    if (!touched.value) fit(true);
  });
  watch(element, (now, before) => {
    if (before) observer.unobserve(before);
    if (now) observer.observe(now);
  });
  watch(picture, () => {
    if (!touched.value) fit(true);
  });
  onScopeDispose(() => observer.disconnect());

  return {
    zoom: computed(() => view.value.zoom),
    transform: computed(
      () => `translate(${view.value.x}px, ${view.value.y}px) scale(${view.value.zoom})`,
    ),
    backdrop: computed(() => ({
      backgroundPosition: `${view.value.x}px ${view.value.y}px`,
      backgroundSize: `${16 * view.value.zoom}px ${16 * view.value.zoom}px`,
    })),
    fit,
    zoomTo,
    reveal,
    onWheel,
    onPointerDown,
  };
}
