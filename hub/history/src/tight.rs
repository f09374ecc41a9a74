//! Tight numbers: each takes about as many bits as it is rare.
//!
//! A number is a symbol and, if it is large, some bits beside it. Below 16 the symbol is the number itself. Above, it
//! says how many bits the number has and which the second highest is; those below stand beside it. How often each symbol
//! comes is counted, and the symbols are coded by table (tabled asymmetric numeral systems): a table of 512 states of
//! which each symbol has its share, and where a state names the symbol and how many bits lead to the next state.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | symbols | 1–2 | how many different ones, at least 1 |
//! | shares | 2–4 | for each by ascending symbol: what it is above the one before (the first: above 0), its share of 512 |
//! | bits | | twice 9 bits: the first two states; then for each number those beside the symbol, and those that lead to the state of the number after the next; lowest bit first, filled up with zeros to whole bytes |
//!
//! It is read from front to back, up to where somebody needs it; written from back to front. Numbers take turns with two
//! states, so that whoever reads need not wait for the one before to begin with the next.

use crate::{
    bits::{Bits, first, low_bits},
    varint::{Bytes, put_u64},
};

/// 2 to this are the states. Twice as many follow the shares no closer on real rooms, and take longer to build.
const STATE_BITS: u32 = 9;
const STATES: usize = 1 << STATE_BITS;
/// Numbers below this are their own symbol.
const SINGLE: u64 = 16;
/// All symbols: those of 5 to 64 bits have two each.
const SYMBOLS: usize = 16 + 60 * 2;

/// The symbol of a number, and how many bits stand beside it.
const fn symbol(number: u64) -> (usize, u32) {
    if number < SINGLE {
        return (number as usize, 0);
    }
    let beside = 62 - number.leading_zeros();
    (10 + beside as usize * 2 + (number >> beside & 1) as usize, beside)
}

/// The least number of each symbol.
#[expect(clippy::indexing_slicing, reason = "the compiler works it out, and would say if it were beyond the end")]
const LEAST: [u64; SYMBOLS] = {
    let (mut least, mut symbol) = ([0; SYMBOLS], 0);
    while symbol < SYMBOLS {
        least[symbol] = of_symbol(symbol).0;
        symbol += 1;
    }
    least
};

/// The least number of a symbol, and how many bits stand beside it.
const fn of_symbol(symbol: usize) -> (u64, u32) {
    if symbol < SINGLE as usize {
        return (symbol as u64, 0);
    }
    let beside = (symbol as u32 - 10) / 2;
    ((2 | symbol as u64 & 1) << beside, beside)
}

/// How often every symbol comes.
#[derive(Debug, Clone)]
pub(crate) struct Counts([u32; SYMBOLS]);

impl Counts {
    pub(crate) fn of(numbers: &[u64]) -> Self {
        let mut counts = Self([0; SYMBOLS]);
        for number in numbers {
            if let Some(count) = counts.0.get_mut(symbol(*number).0) {
                *count += 1;
            }
        }
        counts
    }

    /// About how many bits the numbers take, the table included.
    pub(crate) fn cost(&self) -> u64 {
        let all: u32 = self.0.iter().sum();
        let cost = |(symbol, count): (usize, &u32)| {
            let bits = (f64::from(all) / f64::from(*count)).log2() + f64::from(of_symbol(symbol).1);
            bits * f64::from(*count) + 20.0
        };
        self.0.iter().enumerate().filter(|(_, count)| **count > 0).map(cost).sum::<f64>() as u64
    }

    /// How many of the states each symbol gets; one at least, if it comes at all.
    fn shares(&self) -> Vec<(usize, usize)> {
        let some = || self.0.iter().enumerate().filter(|(_, count)| **count > 0);
        let all: u64 = some().map(|(_, count)| u64::from(*count)).sum();
        let share = |count: u32| (u64::from(count) * STATES as u64 / all.max(1)).max(1);
        let mut shares: Vec<(usize, u64, u64)> =
            some().map(|(symbol, count)| (symbol, u64::from(*count), share(*count))).collect();
        let mut given: u64 = shares.iter().map(|(.., share)| share).sum();
        // What is left over goes where it helps most; what was given too much is taken where it hurts least.
        while given < STATES as u64 {
            let helped =
                shares.iter_mut().max_by(|(_, a, of_a), (_, b, of_b)| (a * (2 * of_b + 1)).cmp(&(b * (2 * of_a + 1))));
            let Some((.., share)) = helped else { break };
            (*share, given) = (*share + 1, given + 1);
        }
        while given > STATES as u64 {
            let large = shares.iter_mut().filter(|(.., share)| *share > 1);
            let hurt = large.min_by(|(_, a, of_a), (_, b, of_b)| (a * (2 * of_b - 1)).cmp(&(b * (2 * of_a - 1))));
            let Some((.., share)) = hurt else { break };
            (*share, given) = (*share - 1, given - 1);
        }
        shares.into_iter().map(|(symbol, _, share)| (symbol, share as usize)).collect()
    }
}

/// Which symbol each state has: those of one symbol lie far apart.
fn spread(shares: &[(usize, usize)]) -> [u8; STATES] {
    const STEP: usize = STATES / 2 + STATES / 8 + 3;
    let mut symbols = [0; STATES];
    let mut at = 0;
    for (symbol, share) in shares {
        for _ in 0..*share {
            if let Some(place) = symbols.get_mut(at) {
                *place = *symbol as u8;
            }
            at = (at + STEP) % STATES;
        }
    }
    symbols
}

/// Appends numbers, of which there is one at least, and whose counts these are.
pub(crate) fn put(out: &mut Vec<u8>, numbers: &[u64], counts: &Counts) {
    let shares = counts.shares();
    put_u64(out, shares.len() as u64);
    let mut last = 0;
    // Of each symbol: its share, and where its states begin in `states`.
    let (mut of, mut begin) = ([(0, 0); SYMBOLS], 0);
    for (symbol, share) in &shares {
        put_u64(out, (symbol - last) as u64);
        put_u64(out, *share as u64);
        last = *symbol;
        if let Some(of) = of.get_mut(*symbol) {
            *of = (*share, begin);
        }
        begin += share;
    }
    // The states of each symbol in order, one symbol after another.
    let (mut states, mut next) = ([0_u16; STATES], of);
    for (state, symbol) in spread(&shares).iter().enumerate() {
        if let Some((_, at)) = next.get_mut(usize::from(*symbol)) {
            if let Some(place) = states.get_mut(*at) {
                *place = state as u16;
            }
            *at += 1;
        }
    }
    // Backwards: what leads from each state to the one that comes after it for the reader.
    let mut steps = Vec::with_capacity(numbers.len());
    let (mut state, mut other) = (STATES, STATES);
    for number in numbers.iter().rev() {
        (state, other) = (other, state);
        let (symbol, beside) = symbol(*number);
        let (share, begin) = of.get(symbol).copied().unwrap_or_default();
        let wide = STATE_BITS - share.max(1).ilog2();
        let width = if state >> wide < share { wide - 1 } else { wide };
        steps.push((number & low_bits(beside), beside, (state as u64 & low_bits(width)) as u16, width));
        let place = begin + (state >> width).saturating_sub(share);
        state = STATES + usize::from(states.get(place).copied().unwrap_or_default());
    }
    let mut bits = Bits::new(out);
    for state in [state, other] {
        bits.put(state as u64 & low_bits(STATE_BITS), STATE_BITS);
    }
    for (number, beside, next, width) in steps.into_iter().rev() {
        bits.put(number, beside);
        bits.put(u64::from(next), width);
    }
    bits.finish();
}

/// What a state tells.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    symbol: u8,
    /// How many bits stand beside the symbol.
    beside: u8,
    /// How many bits lead to the next state, which is this number more.
    width: u8,
    next: u16,
}

/// Numbers being read.
pub(crate) struct Numbers<'a> {
    states: [State; STATES],
    /// Whose turn it is, and whose it is next.
    turns: [usize; 2],
    packed: &'a [u8],
    /// So many bits are read.
    at: usize,
}

impl<'a> Numbers<'a> {
    /// Begins to read; `None` where the bytes make no sense.
    pub(crate) fn new(bytes: &mut Bytes<'a>) -> Option<Self> {
        let mut shares = Vec::new();
        let (mut symbol, mut given) = (0_usize, 0);
        // Of each symbol, how many of its states were met, and its share.
        let mut met = [0_usize; SYMBOLS];
        let symbols = bytes.usize().filter(|symbols| (1..=SYMBOLS).contains(symbols))?;
        for nth in 0..symbols {
            let above = bytes.usize().filter(|above| *above > 0 || nth == 0)?;
            symbol = symbol.checked_add(above)?;
            let share = bytes.usize().filter(|share| (1..=STATES).contains(share))?;
            *met.get_mut(symbol)? = share;
            given += share;
            shares.push((symbol, share));
        }
        if given != STATES {
            return None;
        }
        let mut states = [State::default(); STATES];
        for (state, symbol) in states.iter_mut().zip(spread(&shares)) {
            let met = met.get_mut(usize::from(symbol))?;
            let width = STATE_BITS - met.checked_ilog2()?;
            let beside = of_symbol(usize::from(symbol)).1 as u8;
            *state = State { symbol, beside, width: width as u8, next: ((*met << width) - STATES) as u16 };
            *met += 1;
        }
        let mut numbers = Self { states, turns: [0; 2], packed: bytes.0, at: 0 };
        numbers.turns = [(); 2].map(|()| take_bits(numbers.packed, &mut numbers.at, STATE_BITS) as usize);
        Some(numbers)
    }

    /// Reads as many numbers as there is room for; `None` where there are not so many.
    pub(crate) fn take(&mut self, numbers: &mut [u64]) -> Option<()> {
        let mut pairs = numbers.chunks_exact_mut(2);
        // In registers, not behind `self`.
        let ([mut one, mut other], mut at) = (self.turns, self.at);
        for pair in &mut pairs {
            let (a, b) = (*self.states.get(one % STATES)?, *self.states.get(other % STATES)?);
            let [first, second] = pair else { continue };
            // Up to 57 bits one load has, wherever they begin.
            if a.beside + b.beside <= 57 - 2 * STATE_BITS as u8 {
                let mut bits = load(self.packed, at);
                *first = LEAST.get(usize::from(a.symbol))? | cut(&mut bits, a.beside);
                one = usize::from(a.next) + cut(&mut bits, a.width) as usize;
                *second = LEAST.get(usize::from(b.symbol))? | cut(&mut bits, b.beside);
                other = usize::from(b.next) + cut(&mut bits, b.width) as usize;
                at += usize::from(a.beside + a.width + b.beside + b.width);
            } else {
                (*first, one) = step(self.packed, &mut at, a)?;
                (*second, other) = step(self.packed, &mut at, b)?;
            }
        }
        if let [last] = pairs.into_remainder() {
            let state = *self.states.get(one % STATES)?;
            let next;
            (*last, next) = step(self.packed, &mut at, state)?;
            (one, other) = (other, next);
        }
        (self.turns, self.at) = ([one, other], at);
        (at <= self.packed.len() * 8).then_some(())
    }

    /// What comes behind the numbers, when all are read.
    pub(crate) fn rest(&self) -> Option<Bytes<'a>> {
        self.packed.get(self.at.div_ceil(8)..).map(Bytes)
    }
}

/// Reads a number of any width; also tells the state that comes next.
fn step(packed: &[u8], at: &mut usize, state: State) -> Option<(u64, usize)> {
    let number = LEAST.get(usize::from(state.symbol))? | take_bits(packed, at, u32::from(state.beside));
    Some((number, usize::from(state.next) + take_bits(packed, at, u32::from(state.width)) as usize))
}

/// The bits from here on, 57 at least; zeros behind the end.
fn load(packed: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(first(packed.get(at / 8..).unwrap_or_default())) >> (at % 8)
}

fn take_bits(packed: &[u8], at: &mut usize, width: u32) -> u64 {
    let bits = (u128::from_le_bytes(first(packed.get(*at / 8..).unwrap_or_default())) >> (*at % 8)) as u64;
    *at += width as usize;
    bits & low_bits(width)
}

/// Takes bits off the front, fewer than 64.
const fn cut(bits: &mut u64, width: u8) -> u64 {
    let taken = *bits & ((1 << width) - 1);
    *bits >>= width;
    taken
}
