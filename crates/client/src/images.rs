//! Images.

use bytes::Bytes;
use ctnr_api::{
    ExportQuery, ImageDetails, ImageFrame, ImageList, ImageNameQuery, ImagesQuery, ImportQuery,
    PruneRequest, Pruned, PullRequest, TagRequest,
};

use crate::{Answer, Client, Result, Stream};

const IMAGES: [&str; 2] = ["v1", "images"];

fn below(rest: &str) -> [&str; 3] {
    [IMAGES[0], IMAGES[1], rest]
}

impl Client {
    /// An engine's images.
    ///
    /// # Errors
    /// As the backend answers, or [`ClientError`](crate::ClientError) where it does not.
    pub async fn list_images(&self, query: &ImagesQuery) -> Result<Answer<ImageList>> {
        self.get(&IMAGES).query(query)?.fetch().await
    }

    /// All that is known of an image.
    ///
    /// # Errors
    /// As for [`Client::list_images`].
    pub async fn inspect_image(&self, query: &ImageNameQuery) -> Result<Answer<ImageDetails>> {
        self.get(&below("inspect")).query(query)?.fetch().await
    }

    /// Fetches an image from its registry. The last frame says how it ended.
    ///
    /// # Errors
    /// As for [`Client::list_images`].
    pub async fn pull_image(&self, request: &PullRequest) -> Result<Stream<Answer<ImageFrame>>> {
        self.post(&below("pull")).json(request).lines().await
    }

    /// Sends an archive of images. The last frame says how it ended.
    ///
    /// # Errors
    /// As for [`Client::list_images`].
    pub async fn import_images(
        &self,
        query: &ImportQuery,
        archive: impl futures::Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    ) -> Result<Stream<Answer<ImageFrame>>> {
        self.post(&below("import"))
            .query(query)?
            .body("application/x-tar", crate::files::marked(archive))
            .lines()
            .await
    }

    /// An archive of images.
    ///
    /// # Errors
    /// As for [`Client::list_images`].
    pub async fn export_images(&self, query: &ExportQuery) -> Result<Stream<Bytes>> {
        self.get(&below("export")).query(query)?.bytes().await
    }

    /// Gives an image a further name.
    ///
    /// # Errors
    /// As for [`Client::list_images`].
    pub async fn tag_image(&self, request: &TagRequest) -> Result<()> {
        self.post(&below("tag")).json(request).done().await
    }

    /// Removes an image's name, and the image with its last name.
    ///
    /// # Errors
    /// As for [`Client::list_images`].
    pub async fn remove_image(&self, query: &ImageNameQuery) -> Result<()> {
        self.delete(&IMAGES).query(query)?.done().await
    }

    /// Removes the images that no sandbox uses.
    ///
    /// # Errors
    /// As for [`Client::list_images`].
    pub async fn prune_images(&self, request: &PruneRequest) -> Result<Answer<Pruned>> {
        self.post(&below("prune")).json(request).fetch().await
    }
}
