//! The virtual machine, and the talk with it.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use hub_testbed::{API, Answer, Ask, Heard, Hello, Question, Reply, TALK};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::{
        UnixListener,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    process::{Child, Command},
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::options::Options;

/// A machine without virtualisation that others use as well takes half a minute.
const BOOT_LIMIT: Duration = Duration::from_secs(180);
/// Longer than the guest takes for anything, waiting apart.
const ANSWER_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(20);

const MEMORY_MB: &str = "512";
/// Times are not measured against the host's, so a clock that is only as good as an emulated one will do.
const KERNEL_LINE: &str = "console=ttyS0 loglevel=4 panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check audit=0 \
     rdinit=/ours/loader -- --library-path /ours /ours/testbed-guest";

/// A machine that is up. It is killed when this is dropped.
pub(crate) struct Machine {
    qemu: Child,
    guest: Guest,
    console: PathBuf,
}

impl Machine {
    /// Starts it, with a port for each socket of a radio and those of the API, and waits until its guest says hello.
    pub(crate) async fn boot(options: &Options, folder: &Path, radios: &[PathBuf]) -> Result<(Self, Hello)> {
        let (socket, console) = (folder.join(TALK), folder.join("console"));
        let listener = UnixListener::bind(&socket).context("failed to open a socket for the guest")?;
        let mut qemu = qemu(options, &console, &socket, radios).spawn().context("failed to start qemu")?;
        let connected = timeout(BOOT_LIMIT, async {
            tokio::select! {
                connection = listener.accept() => connection.context("failed to accept the guest"),
                ended = qemu.wait() => bail!("qemu ended with {ended:?}"),
            }
        });
        let (stream, _) = connected.await.context("qemu did not connect")??;
        let (reader, writer) = stream.into_split();
        let mut talk = Talk { lines: BufReader::new(reader).lines(), writer, questions: 0 };
        let line = match timeout(BOOT_LIMIT, talk.lines.next_line()).await {
            Ok(Ok(Some(line))) => line,
            _ => bail!("the guest did not come up; its console:\n{}", text(&console)),
        };
        let hello = serde_json::from_str(&line).with_context(|| format!("the guest said {line}"))?;
        // One question at a time: who asks meanwhile waits.
        let (questions, asked) = mpsc::channel(1);
        tokio::spawn(talk.lead(asked));
        Ok((Self { qemu, guest: Guest { questions }, console }, hello))
    }

    /// Who lives in it.
    pub(crate) fn guest(&self) -> Guest {
        self.guest.clone()
    }

    /// What was written to its console.
    pub(crate) fn console(&self) -> String {
        text(&self.console)
    }

    /// Switches it off.
    pub(crate) async fn stop(self) {
        let Self { mut qemu, guest, .. } = self;
        // If it does not go by itself it is killed: nothing in it is worth keeping.
        let _ = timeout(STOP_LIMIT, async { tokio::join!(guest.ask(Ask::PowerOff), qemu.wait()) }).await;
    }
}

/// The guest of a machine, for everybody who has something to ask. It does one thing after the other.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    questions: mpsc::Sender<(Ask, oneshot::Sender<Result<Answer>>)>,
}

impl Guest {
    /// Asks something, and waits for the answer as long as the guest itself may wait, and some more.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Answer> {
        let (reply, answer) = oneshot::channel();
        self.questions.send((ask, reply)).await.ok().context("nobody talks with the guest any more")?;
        answer.await.context("nobody talks with the guest any more")?
    }

    /// Asks for something to be done.
    pub(crate) async fn order(&self, ask: Ask) -> Result<()> {
        match self.ask(ask).await? {
            Answer::Done => Ok(()),
            other => bail!("the guest answered {other:?}"),
        }
    }

    /// What was heard, once that is so many adverts or the time is over.
    pub(crate) async fn heard(&self, adverts: u64, within_ms: u64) -> Result<Heard> {
        match self.ask(Ask::Heard { adverts, within_ms }).await? {
            Answer::Heard(heard) => Ok(heard),
            other => bail!("the guest answered {other:?}"),
        }
    }

    /// Waits for a report of the listener; says how many there are now, to pass over the next time.
    pub(crate) async fn report(&self, after: usize, text: &str, within_ms: u64) -> Result<Vec<String>> {
        match self.ask(Ask::Reports { after, text: text.to_owned(), within_ms }).await? {
            Answer::Reports(reports) => Ok(reports),
            other => bail!("the guest answered {other:?}"),
        }
    }
}

/// Who passes questions on.
struct Talk {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
    questions: u64,
}

impl Talk {
    /// Until nobody asks any more.
    async fn lead(mut self, mut asked: mpsc::Receiver<(Ask, oneshot::Sender<Result<Answer>>)>) {
        while let Some((ask, mut reply)) = asked.recv().await {
            let question = match self.pass_on(ask).await {
                Ok(question) => question,
                Err(error) => {
                    drop(reply.send(Err(error)));
                    continue;
                }
            };
            tokio::select! {
                answer = self.answer(&question) => drop(reply.send(answer)),
                // Whoever asked has lost interest.
                () = reply.closed() => {}
            }
        }
    }

    async fn pass_on(&mut self, ask: Ask) -> Result<Question> {
        self.questions += 1;
        let question = Question { id: self.questions, ask };
        let mut line = serde_json::to_vec(&question).context("failed to write JSON")?;
        line.push(b'\n');
        self.writer.write_all(&line).await.context("failed to ask the guest")?;
        Ok(question)
    }

    async fn answer(&mut self, Question { id, ask }: &Question) -> Result<Answer> {
        let answer = async {
            while let Some(line) = self.lines.next_line().await.context("failed to listen to the guest")? {
                let reply: Reply = serde_json::from_str(&line).with_context(|| format!("the guest said {line}"))?;
                // Answers that came too late for whoever asked are passed over.
                if reply.id == *id {
                    return Ok(reply.answer);
                }
            }
            bail!("the guest has ended")
        };
        let within = Duration::from_millis(ask.within_ms()) + ANSWER_LIMIT;
        let answer = timeout(within, answer).await;
        let answer = answer.with_context(|| format!("the guest did not answer {ask:?} in time"))??;
        answer.map_err(|error| anyhow::anyhow!("in the guest: {error}"))
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn qemu(options: &Options, console: &Path, socket: &Path, radios: &[PathBuf]) -> Command {
    let mut qemu = Command::new("qemu-system-x86_64");
    // Emulated throughout, so that it is the same wherever it runs.
    qemu.args(["-accel", "tcg,thread=multi", "-cpu", "max", "-machine", "pc", "-smp", "1", "-m", MEMORY_MB]);
    qemu.args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-monitor", "none"]);
    qemu.arg("-kernel").arg(&options.kernel).arg("-initrd").arg(&options.initrd).args(["-append", KERNEL_LINE]);
    qemu.arg("-serial").arg(format!("file:{}", console.display())).args(["-device", "virtio-serial-pci"]);
    let apis = API.map(|name| (name.to_owned(), socket.with_file_name(name)));
    let radios = radios.iter().enumerate().map(|(radio, path)| (format!("radio{radio}"), path.clone()));
    for (name, path) in std::iter::once((TALK.to_owned(), socket.to_owned())).chain(apis).chain(radios) {
        qemu.arg("-chardev").arg(format!("socket,id={name},path={}", path.display()));
        qemu.arg("-device").arg(format!("virtserialport,chardev={name},name={name}"));
    }
    qemu.stdin(Stdio::null()).kill_on_drop(true);
    qemu
}
