from media_library.models.assets import Asset, AssetKind, AssetTag, Depiction, Tag
from media_library.models.collections import Collection, CollectionItem
from media_library.models.files import StagedFile
from media_library.models.videos import VideoLink, VideoProvider

__all__ = [
    "Asset",
    "AssetKind",
    "AssetTag",
    "Collection",
    "CollectionItem",
    "Depiction",
    "StagedFile",
    "Tag",
    "VideoLink",
    "VideoProvider",
]
