// A file that is dropped beside a room, where nothing takes it: a browser would leave the page to show it.

export function keepPageOnDrop(page: Pick<Window, 'addEventListener'> = window): void {
  page.addEventListener('dragover', (event) => {
    if (event.defaultPrevented || !hasFiles(event)) return;
    event.preventDefault();
    // The pointer says that it cannot be dropped here.
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'none';
  });
  page.addEventListener('drop', (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}
