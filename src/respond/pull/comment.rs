//! The one comment under a pull request: written where there is none, changed where it says something else, and
//! taken away where there is nothing to say.
//!
//! It is known by a mark at its beginning and by its author: anybody can write the mark.

use crate::host::github::{Account, Comment, Github};
use crate::model::credential::CallError;

/// The mark, which nobody sees.
pub const MARK: &str = "<!-- keywright:pull-request -->\n";
/// The longest comment, mark included, in bytes: GitHub takes 65,536 characters.
pub const LONGEST: usize = 65_000;

/// A pull request of a repository.
#[derive(Clone, Copy, Debug)]
pub struct Under<'a> {
    /// Who owns the repository.
    pub owner: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The pull request's number.
    pub number: u64,
}

/// What became of the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was written.
    Written(u64),
    /// It says something else now.
    Changed(u64),
    /// It says that already.
    Same(u64),
    /// There was one, and it is gone.
    Removed,
    /// There is none, and none is needed.
    None,
}

/// What is to be said.
#[derive(Clone, Copy, Debug)]
pub enum Say<'t> {
    /// This.
    Text(&'t str),
    /// This, where something was said before.
    Instead(&'t str),
    /// Nothing.
    Nothing,
}

/// Brings the comment to what it should be; returns what became of it, and who wrote it where that is not who
/// was expected.
///
/// # Errors
/// [`CallError`]. It may be done again.
pub async fn keep(
    github: &Github,
    under: Under<'_>,
    account: &Account,
    say: Say<'_>,
) -> Result<(Kept, Option<String>), CallError> {
    let Under { owner, name, number } = under;
    let mut ours: Vec<Comment> = github.comments(owner, name, number).await?;
    ours.retain(|comment| is_ours(comment, account));
    let mut ours = ours.into_iter();
    let first = ours.next();
    // Two runs at once may each have written one.
    for more in ours {
        github.delete_comment(owner, name, more.number).await?;
    }
    let text = match (say, &first) {
        (Say::Text(text), _) | (Say::Instead(text), Some(_)) => format!("{MARK}{text}"),
        (Say::Instead(_) | Say::Nothing, None) => return Ok((Kept::None, None)),
        (Say::Nothing, Some(first)) => {
            github.delete_comment(owner, name, first.number).await?;
            return Ok((Kept::Removed, None));
        }
    };
    let Some(first) = first else { return written(github, under, account, &text).await };
    // It may be kept with other line ends.
    if first.body.lines().eq(text.lines()) {
        return Ok((Kept::Same(first.number), None));
    }
    github.change_comment(owner, name, first.number, &text).await?;
    Ok((Kept::Changed(first.number), None))
}

/// Anybody can write the mark: who wrote it counts as well.
fn is_ours(comment: &Comment, account: &Account) -> bool {
    comment.body.starts_with(MARK.trim_end()) && comment.author.as_ref() == Some(&account.login)
}

async fn written(
    github: &Github,
    under: Under<'_>,
    account: &Account,
    text: &str,
) -> Result<(Kept, Option<String>), CallError> {
    let Under { owner, name, number } = under;
    let made = match github.comment(owner, name, number, text).await {
        Ok(made) => made,
        Err(CallError::Lost(why)) => {
            // It may be there: it is not said twice.
            let all = github.comments(owner, name, number).await?;
            let is_it = |c: &&Comment| is_ours(c, account) && c.body.lines().eq(text.lines());
            all.iter().rev().find(is_it).map(|c| c.number).ok_or(CallError::Lost(why))?
        }
        Err(e) => return Err(e),
    };
    if account.is_sure {
        return Ok((Kept::Written(made), None));
    }
    let all = github.comments(owner, name, number).await?;
    let author = all.into_iter().find(|c| c.number == made).and_then(|c| c.author);
    Ok((Kept::Written(made), author.filter(|author| *author != account.login)))
}
