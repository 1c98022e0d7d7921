"""The judge of pictures, by the brand guidelines."""

from __future__ import annotations

from media_library.models import Asset
from productions.rules.brand import faults_of_picture
from productions.selectors.brand import BrandKits, finding
from theater_site.core.changes import Change
from theater_site.core.judges import Finding


def judge_pictures(changes: list[Change]) -> list[Finding]:
    """Findings on the shape and width of pictures that become public. Drafts may have any."""
    published = [change.object_id for change in changes if change.after.get("published_at") is not None]
    if not published or not (kits := BrandKits()):
        return []
    return [
        finding(kit, fault, asset)
        for asset in Asset.objects.in_bulk(published).values()
        if (kit := kits.of(asset.section_id)) is not None
        for fault in faults_of_picture(
            asset.width,
            asset.height,
            shapes=kit.picture_shapes,
            tolerance_percent=kit.picture_tolerance_percent,
            narrowest=kit.picture_min_width,
        )
    ]
