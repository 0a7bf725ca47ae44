//! One hash for keys that must come out the same on every machine and in every release.

/// A 64-bit hash of bytes: FNV-1a, finished so that every bit depends on all bytes.
///
/// ```
/// use clv_tables::hash::hash_bytes;
/// assert_ne!(hash_bytes(b"#1001"), hash_bytes(b"#1002"));
/// ```
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash_number(hash)
}

/// A 64-bit hash of a number: the finaliser of splitmix64, which maps no two numbers to one.
///
/// ```
/// use clv_tables::hash::hash_number;
/// // Half of all numbers fall in the lower half.
/// let lower = (0..1_000).filter(|n| hash_number(*n) < u64::MAX / 2).count();
/// assert!((450..550).contains(&lower));
/// ```
pub fn hash_number(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
