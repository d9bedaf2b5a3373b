/** Looks at pictures: how much of one is drawn, and how much of it differs from another. */
import type { Page } from "@playwright/test";

/** A part of a picture in shares of its width and height. */
export interface Part {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const WHOLE: Part = { left: 0, top: 0, right: 1, bottom: 1 };

/** Decodes in a blank page, because browsers can read their own pictures and Node can't. */
export class Eye {
  constructor(private readonly blank: Page) {}

  /** Distinct colours in a picture: a blank page has a handful, a drawn one hundreds. */
  async colours(png: Buffer): Promise<number> {
    return this.blank.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }, png.toString("base64"));
  }

  /** Pixels of a part that differ between two pictures of one size. */
  async differing(one: Buffer, other: Buffer, part: Part = WHOLE): Promise<number> {
    return this.blank.evaluate(
      async ({ pictures, part }) => {
        const read = async (base64: string): Promise<Uint32Array> => {
          const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes]));
          const { width, height } = bitmap;
          const canvas = new OffscreenCanvas(width, height);
          const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
          context.drawImage(bitmap, 0, 0);
          const left = Math.round(width * part.left);
          const top = Math.round(height * part.top);
          const wide = Math.round(width * part.right) - left;
          const high = Math.round(height * part.bottom) - top;
          return new Uint32Array(context.getImageData(left, top, wide, high).data.buffer);
        };
        const [a, b] = [await read(pictures[0]), await read(pictures[1])];
        if (a.length !== b.length) throw new Error("the pictures have different sizes");
        let count = 0;
        for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count += 1;
        return count;
      },
      { pictures: [one.toString("base64"), other.toString("base64")], part },
    );
  }
}
