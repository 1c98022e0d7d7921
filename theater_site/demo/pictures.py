"""Generated posters: image files that are drawn from a seed."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFont


def poster(title: str, seed: int, size: tuple[int, int] = (1600, 900)) -> bytes:
    """A JPEG of `size` in pixels with `title` above a stage in spotlights. The same seed gives the same picture."""
    chance = random.Random(seed)
    width, height = size
    hue = chance.randrange(360)
    image = Image.new("HSV", size, (hue * 255 // 360, 150, 46)).convert("RGB")
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(3):
        foot = chance.uniform(0.15, 0.85) * width
        lamp = chance.uniform(0.1, 0.9) * width
        spread = chance.uniform(0.08, 0.16) * width
        light = (255, chance.randrange(200, 250), chance.randrange(140, 220), 46)
        draw.polygon([(lamp, 0), (foot - spread, height), (foot + spread, height)], fill=light)
        draw.ellipse((foot - spread, height * 0.86, foot + spread, height * 1.02), fill=(*light[:3], 60))
    for _ in range(40):
        x, radius = chance.uniform(0, width), chance.uniform(12, 26)
        y = height - chance.uniform(0, 0.05) * height
        draw.ellipse((x - radius, y - 2 * radius, x + radius, y), fill=(0, 0, 0, 190))
    font = ImageFont.load_default(size=width // 18)
    left, top, right, bottom = draw.textbbox((0, 0), title, font=font)
    place = ((width - (right - left)) / 2, height * 0.38 - (bottom - top) / 2)
    draw.text(place, title, font=font, fill=(250, 244, 228, 255))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
