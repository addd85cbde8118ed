//! An S3 server on loopback, with signatures and checksums, whose buckets are folders.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::Settings;

/// Numbers of requests so far.
#[derive(Debug, Default)]
pub struct Count {
    /// Requests that read an object or a listing.
    pub reads: AtomicUsize,
    /// Requests that change something.
    pub writes: AtomicUsize,
    /// Requests that are not answered yet; a client that was killed may have left some.
    pub under_way: AtomicUsize,
}

/// Counts a request as under way until it is dropped.
struct UnderWay(Arc<Count>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Called with the number of a request that changes something, from 1, before it is carried out.
type BeforeWrite = Arc<dyn Fn(usize) + Send + Sync>;

/// A server, which ends on drop.
pub struct Server {
    address: SocketAddr,
    count: Arc<Count>,
    _runtime: Runtime,
}

impl Server {
    /// Starts a server of the buckets in `folder` on this port; 0 is any.
    ///
    /// # Errors
    /// The folder or the port cannot be used.
    pub fn start(
        folder: &Path,
        port: u16,
        before_write: impl Fn(usize) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let files = FileSystem::new(folder).map_err(|error| io::Error::other(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single("AK", "SK"));
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let (address, count) = (listener.local_addr()?, Arc::<Count>::default());
        let counted = Counted {
            service: service.build(),
            count: Arc::clone(&count),
            before_write: Arc::new(before_write),
        };
        runtime.spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let counted = counted.clone();
                tokio::spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(connection), counted).await;
                });
            }
        });
        Ok(Self { address, count, _runtime: runtime })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Numbers of requests.
    #[must_use]
    pub fn count(&self) -> &Count {
        &self.count
    }

    /// Variables with which a program uses this server.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", "AK".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "SK".to_owned()),
        ]
    }

    /// The same as settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings(self.variables().map(|(name, value)| (name.to_owned(), value)).to_vec())
    }
}

/// The service with its requests counted.
#[derive(Clone)]
struct Counted {
    service: S3Service,
    count: Arc<Count>,
    before_write: BeforeWrite,
}

type Request = http::Request<hyper::body::Incoming>;
type Answer = <S3Service as hyper::service::Service<Request>>::Response;
type Failed = <S3Service as hyper::service::Service<Request>>::Error;

impl hyper::service::Service<Request> for Counted {
    type Response = Answer;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Failed>> + Send>>;

    fn call(&self, request: Request) -> Self::Future {
        if request.method().is_safe() {
            self.count.reads.fetch_add(1, Ordering::SeqCst);
        } else {
            (self.before_write)(self.count.writes.fetch_add(1, Ordering::SeqCst) + 1);
        }
        self.count.under_way.fetch_add(1, Ordering::SeqCst);
        let under_way = UnderWay(Arc::clone(&self.count));
        let answer = hyper::service::Service::call(&self.service, request);
        Box::pin(async move {
            let answer = answer.await;
            drop(under_way);
            answer
        })
    }
}
