/** Puts words into the clipboard; false where the browser does not allow it. */
export async function copyText(words: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch (error) {
    // Not in a secure context, or a frame without leave.
    if (error instanceof DOMException || error instanceof TypeError) return false;
    throw error;
  }
}

/** Downloads a file. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
