//! Values as bytes, for everything sealed. Each value has exactly one form, so what is read and written again is the
//! same bytes. Numbers are big-endian; a time is 6 bytes of milliseconds since 1970.

use exeunt_core::Moment;

/// Bytes of a time.
pub(super) const MOMENT_BYTES: usize = 6;
/// The latest time that can be written, in milliseconds since 1970: in the year 10889.
const MILLIS_MAX: u64 = (1 << 48) - 1;

/// Appends values to bytes. What cannot be written is `None`.
pub(super) struct Writer(pub(super) Vec<u8>);

/// Takes values from the front of bytes. What is cut short or out of bounds is `None`.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Writer {
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn moment(&mut self, at: Moment) -> Option<&mut Self> {
        (at.millis() <= MILLIS_MAX).then(|| self.bytes(&at.millis().to_be_bytes()[8 - MOMENT_BYTES..]))
    }

    /// One byte, 1 or 0, that says whether there is a value, then the value.
    pub(super) fn optional<T>(
        &mut self,
        value: Option<&T>,
        write: impl FnOnce(&mut Self, &T) -> Option<()>,
    ) -> Option<()> {
        self.bytes(&[u8::from(value.is_some())]);
        value.map_or(Some(()), |value| write(self, value))
    }

    /// One byte that counts the values, then the values.
    pub(super) fn list<T>(
        &mut self,
        values: &[T],
        max: u8,
        mut write: impl FnMut(&mut Self, &T) -> Option<()>,
    ) -> Option<()> {
        let count = u8::try_from(values.len()).ok().filter(|count| *count <= max)?;
        self.bytes(&[count]);
        values.iter().try_for_each(|value| write(self, value))
    }

    /// Two bytes that count the bytes of the text, then the text.
    pub(super) fn text(&mut self, text: &str, bytes_max: u16) -> Option<()> {
        let count = u16::try_from(text.len()).ok().filter(|count| *count <= bytes_max)?;
        self.bytes(&count.to_be_bytes()).bytes(text.as_bytes());
        Some(())
    }
}

impl<'a> Reader<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn moment(&mut self) -> Option<Moment> {
        let [a, b, c, d, e, f] = self.array::<MOMENT_BYTES>()?;
        Some(Moment::from_millis(u64::from_be_bytes([0, 0, a, b, c, d, e, f])))
    }

    #[expect(clippy::option_option, reason = "the outer one says that the bytes are wrong")]
    pub(super) fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    pub(super) fn list<T>(
        &mut self,
        max: u8,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let count = self.byte().filter(|count| *count <= max)?;
        (0..count).map(|_| read(self)).collect()
    }

    pub(super) fn text(&mut self, bytes_max: u16) -> Option<String> {
        let count = u16::from_be_bytes(self.array()?);
        let (text, rest) = self.0.split_at_checked(usize::from(count)).filter(|_| count <= bytes_max)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }

    /// `Some` if nothing is left.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}
