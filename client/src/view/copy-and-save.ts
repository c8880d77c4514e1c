/** Copy text to the clipboard; return false if the browser refuses. */
export async function copyText(words: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch (error) {
    // No secure context, or a frame without permission.
    if (error instanceof DOMException || error instanceof TypeError) return false;
    throw error;
  }
}

export function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
