//! How rare a few bytes are in source text: the commonest threes are known, the others are told from pairs.
//!
//! The tables were counted over 90 MB of blobs from three public histories (redis, curl, git), the threes
//! over 120 MB of them. They are an estimate: a wrong one costs time, never a finding.

use std::ops::RangeInclusive;

/// Returns where in a literal of four bytes or more the four begin, among the offsets that are let, that
/// are best to know it by: the first three and the last three of them are both asked for, so both should
/// be rare.
pub(super) fn rarest(literal: &[u8], offsets: RangeInclusive<usize>) -> usize {
    let fours = literal.windows(4).enumerate().filter(|(at, _)| offsets.contains(at));
    let chances = fours.map(|(at, four)| (chance(&four[..3]) + chance(&four[1..]), at));
    chances.min().map_or(0, |(_, at)| at)
}

/// How often three bytes stand in text, whatever their case; only to be compared.
fn chance(three: &[u8]) -> u64 {
    let three = [three[0], three[1], three[2]].map(|b| b.to_ascii_lowercase());
    let [a, b, c] = three.map(kind);
    match LEVELS[a << 10 | b << 5 | c] {
        0 => {}
        level => return 1 << (45 - level),
    }
    // Each digit is the negative logarithm of a chance to base 2: at most 15 of them, so 45 in all.
    let told = 1 << (45 - digit(ALONE[a]) - digit(AFTER[a][b]) - digit(AFTER[b][c]));
    if three.iter().all(u8::is_ascii_lowercase) {
        told.min(1 << (45 - MOST_COMMON - COMMON.len()))
    } else {
        told
    }
}

/// The value of one of the tables' hexadecimal digits, all of them in lower case.
fn digit(hex: u8) -> u32 {
    u32::from(hex & 15) + 9 * u32::from(hex >> 6)
}

/// The row and column of a byte: letters without case, then kinds of signs.
const fn kind(byte: u8) -> usize {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => (letter - b'a') as usize,
        b'0'..=b'9' => 26,
        b'_' => 27,
        b' ' | b'\n' | b'\t' | b'\r' => 28,
        b'-' => 29,
        b'=' | b':' | b'.' | b',' | b';' | b'/' | b'*' => 30,
        _ => 31,
    }
}

/// For three kinds of bytes the negative logarithm of the chance of their three, if it is a common one.
static LEVELS: [u8; 1 << 15] = levels();

const fn levels() -> [u8; 1 << 15] {
    let mut levels = [0; 1 << 15];
    let mut row = 0;
    while row < COMMON.len() {
        let threes = COMMON[row].as_bytes();
        let mut at = 0;
        while at < threes.len() {
            let three = kind(threes[at]) << 10 | kind(threes[at + 1]) << 5 | kind(threes[at + 2]);
            levels[three] = (MOST_COMMON + row) as u8;
            at += 3;
        }
        row += 1;
    }
    levels
}

/// The negative logarithm of the chance of the first row below.
const MOST_COMMON: usize = 9;

/// Threes of letters and `_` that stand in text oftener than once in 512 places, then 1,024, and so on.
const COMMON: [&str; 4] = [
    "concurentingionstrtheurl",
    "aaaallameandargataateatichacomdatdefdiseadecterrestetufilforgitharileineintistlennamommonsoptpro\
     rearedrepresretrucsersetstatattertestiotruturucturnusever",
    "_co_in_re_stablackaddailareaseastathavebjeblebufcheclicluctiderdifdirdulediefielsendeplerservess\
     extfigfinflagethanhatheaherhisienignimeincinditeithizejeckeylagle_liblielinlisloclsemanmitmmamod\
     ndenednfinnenotnstntenulobjockodeoduoidoneonfonnoreortoutparpatporpreranreerefrinritrl_rvesizst_\
     stetchtedthathitictimtintortretritypuleullultustvalvoiwitype",
    "_de_di_en_fi_li_ma_no_pa_pr_seachactadeageagsainakealialuancangappartashassatcautbacbasblobrabre\
     buicaccalcancascatcesck_ckecmdcmpcodcoucrect_ctxddrdeddeldesdexdicdindlee_ce_oe_se_teakeaseateck\
     ecoed_eedeleemoenaencepoequer_eraereernertesuet_eteeveexpfaiferff_ffefixfrefroftpfungnehashavhec\
     henhilhoshtticaictiffilliltinfiniinsireis_it_itiivel_slealedlesliclloloaloglonlowltiludluelusmas\
     matmaxmemmenmermesmmimormsgncenchnclndindlnecnelnewnfong_ngenitnodnsint_ntintrntsnumoadoffompong\
     ontopeordormoryoseostoteotoounovepacpecpenperplepliplypospript_ptiptrputqueratrecremrenreqrevrge\
     rgvrlermaromrorrotrrerrorsirunsdsse_secsedsenshashosigsinsioslasocspessisslstosubsult_ct_starte_\
     temtentratryttettpudeuffuiluncunsuntureuthve_venwhewhiworwri",
];

/// Of each kind, how rare one of its bytes is.
const ALONE: &[u8; 32] = b"465646664a856446a444688879a62668";

/// Of each kind, how rare a byte of each kind is behind it.
const AFTER: [&[u8; 32]; 32] = [
    b"9544975a5c634386c34366976ab7578b",
    b"3868398c44936948f4582abc59a65779",
    b"486847a36e446a27c57348ab8cb55679",
    b"468527aa3ba69759d65959a87fb42768",
    b"5844658a8b956476734496756cc43778",
    b"5a86559b2cb58737b5555ccb7fb52777",
    b"696938763eb67558e536569f9ac43668",
    b"2a8729aa4ea88948f6757acdaaa53778",
    b"7654535cbe945246b533b6f7c6e868aa",
    b"6ba71b9a8a9a8b5ad95b4b9ddcd43677",
    b"5a7827794e86a668d856679daeb43557",
    b"4875278b3d838837d85448995cd44879",
    b"367529ba4f984a34a9375ade6de64789",
    b"4943354a5d769548d84357ab8cc63778",
    b"7554856a59654264f3544758bee6479a",
    b"3a7638975f849845c363589a7da54778",
    b"9787babbada5b99868661b8bdbd44668",
    b"4766285b4e746548f555569f5dd63779",
    b"696738554d757856a842598d7ad53768",
    b"4a6737a34da78846e45659876bb43778",
    b"6546446c5ea35384f234dbd9dbe96bbc",
    b"39781aac4fb89839c869abcede956778",
    b"398639b32fa7a548e4578b8bedc54789",
    b"5a57479a4db86893e7638aa64b843567",
    b"677858886d966553d7459a7e9ac42567",
    b"5b8816ac5fe56967c6485aab64b75989",
    b"777777bcaeb8abcaeb9a9cc7fe553756",
    b"453444654a75454484346669b9b68eba",
    b"565666775a976666b655787aaaaa1767",
    b"676665776b9667669656787ac88e52a5",
    b"775788878b978777b767899bba9b1948",
    b"6756667769867676a546778999982755",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_fours_are_taken() {
        assert_eq!(rarest(b"-----begin", 0..=9), 4);
        assert_eq!(rarest(b"-----begin", 0..=2), 2);
        assert_eq!(rarest(b"zqxjtest", 0..=4), 0);
        assert_eq!(rarest(b"testzqxj", 0..=4), 4);
        assert_eq!(rarest(b"ghp_", 0..=0), 0);
        // `dis` and `ord` are common.
        assert_eq!(rarest(b"discord", 0..=3), 1);
    }

    #[test]
    fn any_byte_can_be_asked_about() {
        for a in 0..=u8::MAX {
            for b in 0..=u8::MAX {
                assert_eq!(rarest(&[a, b, a, b], 0..=9), 0);
            }
        }
    }
}
