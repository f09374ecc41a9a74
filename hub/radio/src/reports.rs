use crate::Gap;

/// Who is told how an adapter is doing.
pub trait Reports: Send + Sync {
    /// It listens, under this kernel name.
    fn listening(&self, adapter: &str);

    /// It does not listen, or hears nothing: why, and what the owner can do. The hub goes on trying.
    fn trouble(&self, adapter: &str, trouble: &str);

    /// It hears again after it had heard nothing.
    fn gap(&self, adapter: &str, gap: Gap);
}
