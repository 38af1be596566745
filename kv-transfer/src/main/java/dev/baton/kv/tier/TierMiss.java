package dev.baton.kv.tier;

/** Why a block does not come from disk. */
public enum TierMiss {
  /** There is no file. */
  ABSENT,
  /** The file's length is not that of a block of this layout: torn, or not ours. */
  LENGTH,
  /** It does not begin as a block's file does, or is of another version. */
  FOREIGN,
  /** Header or payload are not what was written. */
  CHECKSUM,
  /** Of another lineage. */
  LINEAGE,
  /** Of another layout. */
  LAYOUT,
  /** Another block's, under this one's name. */
  KEY,
  /** The disk failed. */
  IO
}
