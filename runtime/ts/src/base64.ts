// Base64 as the protocol has it: the standard alphabet (RFC 4648, section 4), written without padding, read with it or
// without.

// As many arguments as a function can have for certain.
const step = 0x2000;

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += step) text += String.fromCharCode(...bytes.subarray(at, at + step));
  return btoa(text).replace(/=+$/, "");
}

export function fromBase64(text: string): Uint8Array {
  const decoded = atob(text);
  const bytes = new Uint8Array(decoded.length);
  for (let at = 0; at < decoded.length; ++at) bytes[at] = decoded.charCodeAt(at);
  return bytes;
}
